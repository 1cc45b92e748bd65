// The real Terraform with the real providers, as scripts/tests/terraform-tools.ts provides them. Without them a test
// skips and says why; with LONGSHORE_REQUIRE_TERRAFORM=1 it fails instead.
import { spawn } from 'node:child_process';
import { CONFIG_VARIABLE, MISSING_VARIABLE, prepareTerraform } from '../../../scripts/tests/terraform-tools.ts';

export interface Terraform {
  /** Runs in a folder; the answer holds what it wrote, whatever its exit code. */
  readonly run: (folder: string, args: readonly string[]) => Promise<TerraformRun>;
}

export interface TerraformRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type TerraformAnswer =
  { readonly terraform: Terraform; readonly skip: false } | { readonly terraform: undefined; readonly skip: string };

export function terraformForTests(): TerraformAnswer {
  const { [CONFIG_VARIABLE]: known, [MISSING_VARIABLE]: told } = process.env;
  const prepared = known === undefined && told === undefined ? prepareTerraform().environment : {};
  const missing = told ?? prepared[MISSING_VARIABLE];
  if (missing !== undefined) {
    if (process.env['LONGSHORE_REQUIRE_TERRAFORM'] === '1') throw new Error(missing);
    return { terraform: undefined, skip: missing };
  }
  // A made-up token: what is planned here is never sent to Google.
  const environment = { ...process.env, ...prepared, GOOGLE_OAUTH_ACCESS_TOKEN: 'made-up', TF_IN_AUTOMATION: '1' };
  return { terraform: { run: (folder, args) => run(folder, args, environment) }, skip: false };
}

/** Narrows inside of a test that is skipped without Terraform. */
export function neededTerraform(terraform: Terraform | undefined): Terraform {
  if (terraform === undefined) throw new Error('this test needs `skip` from terraformForTests()');
  return terraform;
}

function run(folder: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<TerraformRun> {
  return new Promise((resolve, reject) => {
    const child = spawn('terraform', args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
