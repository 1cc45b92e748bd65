/**
 * Terraform with the real providers for tests, as `scripts/providers.sh` lays them out. Where one of them (or Go, to
 * build it) is missing, a test skips and says why; with LONGSHORE_REQUIRE_TERRAFORM=1, as in a full run on a
 * machine that has both, that is an error.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runProgram } from './run-program.ts';

const run = promisify(execFile);
const OUTPUT_LIMIT = 64 * 1024 * 1024;

export interface TestTerraform {
  /** Path of Terraform's own configuration, with the mirror of providers in it. */
  readonly configFile: string;
  /** Default: `terraform`. */
  readonly program?: string;
}

export type TerraformAnswer =
  | { readonly terraform: TestTerraform; readonly skip: false }
  | { readonly terraform: undefined; readonly skip: string };

/** Builds a provider that is not there yet: some minutes, once for each machine. */
export async function terraformForTests(...providers: readonly ('docker' | 'google')[]): Promise<TerraformAnswer> {
  const missing = (skip: string): TerraformAnswer => {
    if (process.env.LONGSHORE_REQUIRE_TERRAFORM === '1') throw new Error(skip);
    return { terraform: undefined, skip };
  };
  const version = await runProgram('terraform', ['version']).catch(() => null);
  if (version?.status !== 0)
    return missing('Terraform is not installed (https://developer.hashicorp.com/terraform/install)');
  const made = await runProgram('bash', ['scripts/providers.sh', ...providers]);
  const [, configFile] = /^export TF_CLI_CONFIG_FILE=(.+)$/m.exec(made.stdout) ?? [];
  if (made.status !== 0 || configFile === undefined)
    return missing(
      `the providers ${providers.join(', ')} cannot be had: ${made.stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  return { terraform: { configFile }, skip: false };
}

export interface TerraformRun {
  readonly exit: number;
  readonly output: string;
}

/** Terraform in one folder of a test, with nothing of the caller's own Terraform in its environment. */
export class TerraformFolder {
  readonly #folder: string;
  readonly #program: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param variables in place of the caller's own */
  constructor(terraform: TestTerraform, folder: string, variables: Readonly<Record<string, string>> = {}) {
    this.#folder = folder;
    this.#program = terraform.program ?? 'terraform';
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TF_'));
    this.#environment = {
      ...Object.fromEntries(own),
      ...variables,
      TF_CLI_CONFIG_FILE: terraform.configFile,
      TF_IN_AUTOMATION: '1',
      CHECKPOINT_DISABLE: '1',
    };
  }

  /** Any exit code is an answer. */
  async ask(...args: readonly string[]): Promise<TerraformRun> {
    try {
      const { stdout, stderr } = await run(this.#program, [...args], {
        cwd: this.#folder,
        env: this.#environment,
        maxBuffer: OUTPUT_LIMIT,
      });
      return { exit: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
      return { exit: typeof code === 'number' ? code : 1, output: stdout + stderr };
    }
  }

  /** @throws Error with what Terraform said */
  async do(...args: readonly string[]): Promise<string> {
    const { exit, output } = await this.ask(...args);
    if (exit !== 0) throw new Error(`${this.#program} ${args.join(' ')} ended with ${exit}:\n${output}`);
    return output;
  }

  /** What a saved plan would do: `create docker_volume.x`, one for each resource that would change. */
  async changesOf(planFile: string): Promise<readonly string[]> {
    const plan = JSON.parse(await this.do('show', '-json', planFile)) as {
      readonly resource_changes?: readonly {
        readonly address: string;
        readonly change: { readonly actions: readonly string[] };
      }[];
    };
    return (plan.resource_changes ?? [])
      .filter(({ change }) => change.actions.join() !== 'no-op')
      .map(({ address, change }) => `${change.actions.join('+')} ${address}`)
      .sort();
  }
}
