/** `install` and `uninstall`: what they ask of the machine before they change anything, and how their script is run. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { LongshoreError } from '../../fleet/errors.ts';
import { COORDINATOR_CONFIG } from '../../setup/coordinator-unit.ts';
import { SETUP_UNIT_FILE } from '../../setup/setup-unit.ts';
import { INSTALL_USAGE, installScript } from './install-command.ts';
import { UNINSTALL_USAGE, uninstallScript } from './uninstall-command.ts';

export type MachineVerb = 'install' | 'uninstall';

export interface Machine {
  readonly uid: number;
  /** Null: the program runs from source. */
  readonly programFolder: string | null;
  exists(file: string): boolean;
  readText(file: string): string;
  /** Runs bash over the text; what it prints goes where ours goes. @returns its exit code */
  run(script: string): Promise<number>;
}

export const thisMachine = (uid: number, programFolder: string | null): Machine => ({
  uid,
  programFolder,
  exists: existsSync,
  readText: (file) => readFileSync(file, 'utf8'),
  run: (script) =>
    new Promise((resolve, reject) => {
      const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'] });
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal ?? 'SIGTERM']));
    }),
});

/** @returns the exit code @throws INPUT_INVALID, CONFIG_INVALID: nothing was changed */
export async function changeMachine(
  verb: MachineVerb,
  args: readonly string[],
  machine: Machine,
  print: (text: string) => void,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    print(verb === 'install' ? INSTALL_USAGE : UNINSTALL_USAGE);
    return 0;
  }
  const configText = machine.exists(COORDINATOR_CONFIG) ? machine.readText(COORDINATOR_CONFIG) : null;
  const script =
    verb === 'install'
      ? installScript({
          args,
          configText,
          programFolder: machine.programFolder,
          exists: (file) => machine.exists(file),
        })
      : uninstallScript(args, configText);
  checkMachine(verb, machine);
  return await machine.run(script);
}

function checkMachine(verb: MachineVerb, machine: Machine): void {
  const refuse = (reason: string, hint: string): never => {
    throw new LongshoreError('INPUT_INVALID', `${verb}: ${reason}`, { hint });
  };
  if (machine.uid !== 0) refuse('must run as root', 'Run it with sudo.');
  if (!machine.exists('/run/systemd/system'))
    refuse('this machine does not run systemd', 'Without systemd start the program yourself: docs/operations.md.');
  if (machine.exists(SETUP_UNIT_FILE))
    refuse(
      'this machine is set up by its metadata on Google Cloud, which would undo it',
      'Change fleet.yaml and apply the plan.',
    );
}
