/** The Terraform CLI over one workspace: every call with the same data folder, and never a question to a person. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { runProgram, type Interrupts, type ProgramCall, type ProgramEnd } from './run-program.ts';
import { LOCK_FILE, type Workspace } from './workspace.ts';

const INIT = ['init', '-input=false', '-no-color'] as const;

export class Terraform {
  readonly #workspace: Workspace;
  readonly #variables: ProgramCall['variables'];
  readonly #interrupts: Interrupts;
  readonly #isColoured: boolean;

  /** @param isColoured what is shown goes to a terminal that wants colours */
  constructor(workspace: Workspace, variables: ProgramCall['variables'], interrupts: Interrupts, isColoured: boolean) {
    this.#workspace = workspace;
    // Words that somebody keeps in their shell for other configurations would change ours: TF_CLI_ARGS, and one for
    // each command. Of TF_VAR_ ours has none.
    const own = Object.entries(variables).filter(([name]) => !name.startsWith('TF_CLI_ARGS'));
    this.#variables = {
      ...Object.fromEntries(own),
      CHECKPOINT_DISABLE: '1',
      TF_IN_AUTOMATION: '1',
      TF_WORKSPACE: undefined,
    };
    this.#interrupts = interrupts;
    this.#isColoured = isColoured;
  }

  /**
   * The providers' checksums are kept beside the plan, since the configuration is written anew each time.
   * @param reconfigure the state is known to be the same, whatever else changed about it
   */
  async init(reconfigure: boolean): Promise<ProgramEnd> {
    const { configuration, lockFile } = this.#workspace;
    this.#bringLock();
    mkdirSync(this.#workspace.dataFolder, { recursive: true });
    const end = await this.#run([...INIT, ...(reconfigure ? ['-reconfigure'] : [])], configuration, 'keep');
    const inside = path.join(configuration, LOCK_FILE);
    if (end.code === 0 && existsSync(inside)) copyFileSync(inside, lockFile);
    return end;
  }

  /**
   * Of a configuration that says only where the state is. Terraform wants the providers that the state names all the
   * same: those that the plan was made with are at hand. What is remembered of it is nobody's but this reading's.
   */
  async initState(configuration: string): Promise<ProgramEnd> {
    const providers = path.join(this.#workspace.dataFolder, 'providers');
    const args = [...INIT, '-reconfigure', ...(existsSync(providers) ? [`-plugin-dir=${providers}`] : [])];
    mkdirSync(this.#outputData, { recursive: true });
    return await this.#run(args, configuration, 'keep', this.#outputData);
  }

  get #outputData(): string {
    return path.join(this.#workspace.dataFolder, 'output');
  }

  async plan(destroy: boolean): Promise<ProgramEnd> {
    const { configuration, planPart } = this.#workspace;
    const args = ['plan', '-input=false', '-no-color', '-lock-timeout=10s', `-out=${planPart}`];
    return await this.#run(destroy ? [...args, '-destroy'] : args, configuration, 'keep');
  }

  async showPlan(): Promise<ProgramEnd> {
    const { configuration, planPart } = this.#workspace;
    return await this.#run(['show', '-json', planPart], configuration, 'keep');
  }

  /** Where the lock file of this stack is: for gcp, as a person would type it. */
  async apply(): Promise<ProgramEnd> {
    const { stack, folder, configuration, planFile } = this.#workspace;
    if (stack !== 'gcp') this.#bringLock();
    const words = ['apply', '-input=false', ...(this.#isColoured ? [] : ['-no-color']), planFile];
    return await this.#run(words, stack === 'gcp' ? folder : configuration, 'show');
  }

  async output(configuration: string, name: string | null): Promise<ProgramEnd> {
    const args = name === null ? ['output', '-no-color'] : ['output', '-raw', name];
    return await this.#run(args, configuration, 'keep', this.#outputData);
  }

  /** Null where there is no such program, or it does not say. */
  async version(): Promise<string | null> {
    const end = await this.#run(['version', '-json'], this.#workspace.folder, 'keep');
    const version = /"terraform_version"\s*:\s*"(\d+\.\d+\.\d+)/.exec(end.stdout)?.[1];
    return end.code === 0 && version !== undefined ? version : null;
  }

  #bringLock(): void {
    const { configuration, lockFile } = this.#workspace;
    if (existsSync(lockFile)) copyFileSync(lockFile, path.join(configuration, LOCK_FILE));
  }

  async #run(
    args: readonly string[],
    folder: string,
    output: ProgramCall['output'],
    data = this.#workspace.dataFolder,
  ): Promise<ProgramEnd> {
    return await runProgram(
      { program: 'terraform', args, folder, variables: { ...this.#variables, TF_DATA_DIR: data }, output },
      this.#interrupts,
    );
  }
}
