/** Runs one of this repository's own build commands; what it says goes to standard error. */
import { LongshoreError } from '../../fleet/errors.ts';
import { runProgram, type Interrupts } from './run-program.ts';

/** @throws INFRA_UNREADY where it fails */
export async function runBuild(
  command: readonly string[],
  root: string,
  variables: Readonly<Record<string, string | undefined>>,
  interrupts: Interrupts,
): Promise<void> {
  const [program = '', ...args] = command;
  const end = await runProgram({ program, args, folder: root, variables, output: 'errors' }, interrupts);
  if (end.code !== 0)
    throw new LongshoreError('INFRA_UNREADY', `build the programs of this checkout: \`${command.join(' ')}\` failed`, {
      hint: 'The reason stands above.',
    });
}
