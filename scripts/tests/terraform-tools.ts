// Terraform with its two providers, for the suites that use the real ones: got once per run through
// scripts/providers.sh (the first time it builds them, for some minutes). Where Go or Terraform is missing the reason
// is handed on, and tests skip with it; with LONGSHORE_REQUIRE_TERRAFORM=1 they fail instead.
import { spawnSync } from 'node:child_process';

export interface TerraformTools {
  /** For the processes that run tests. */
  readonly environment: Readonly<Record<string, string>>;
}

export const CONFIG_VARIABLE = 'TF_CLI_CONFIG_FILE';
export const MISSING_VARIABLE = 'LONGSHORE_TERRAFORM_MISSING';

export function prepareTerraform(): TerraformTools {
  const version = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8' });
  if (version.status !== 0) return missing('Terraform is not installed (https://developer.hashicorp.com/terraform)');
  const providers = spawnSync('bash', ['scripts/providers.sh'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const file = /^export TF_CLI_CONFIG_FILE=(\S+)$/m.exec(providers.stdout)?.[1];
  if (providers.status !== 0 || file === undefined)
    return missing(`scripts/providers.sh: ${providers.stderr.trim().split('\n').at(-1) ?? 'no reason was given'}`);
  return { environment: { [CONFIG_VARIABLE]: file, CHECKPOINT_DISABLE: '1' } };
}

function missing(reason: string): TerraformTools {
  return { environment: { [MISSING_VARIABLE]: reason } };
}
