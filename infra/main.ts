/**
 * Writes the configuration of the fleet's stacks as Terraform JSON. Run by cdktf (cdktf.json), which names the stack
 * after it is written: so both are, unless LONGSHORE_STACK names one. LONGSHORE_FLEET_FILE names another fleet file.
 * `plan.sh` builds the same app itself.
 */
import path from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';
import { buildApp } from './build-app.ts';
import { engineSocketOf } from './engine-socket.ts';
import { asProblem } from './plan/file-problem.ts';
import { runBuild } from './plan/run-build.ts';
import { workspaceOf } from './plan/workspace.ts';
import { checkParts, prepareParts } from './prepare-parts.ts';
import { renderProblem } from './render-problem.ts';
import { isStackName, STACK_NAMES } from './stack-name.ts';
import { withoutTraces } from './without-traces.ts';

async function main(): Promise<void> {
  // What is written here names files of this person: not for others to read.
  process.umask(0o077);
  const root = path.resolve(import.meta.dirname, '..');
  const wanted = process.env['LONGSHORE_STACK'] ?? '';
  if (wanted !== '' && !isStackName(wanted))
    throw new LongshoreError('INPUT_INVALID', `LONGSHORE_STACK: "${wanted}" is not a stack: ${STACK_NAMES.join(', ')}`);
  const stacks = wanted === '' ? STACK_NAMES : [wanted];
  const variables = process.env;
  const fleetFile = path.resolve(root, variables['LONGSHORE_FLEET_FILE'] ?? 'fleet.yaml');
  const checked = checkParts({ fleetFile, stacks, variables, folder: process.cwd(), what: 'all', problems: [] });
  const interrupts = { subscribe: () => () => undefined };
  const parts = await prepareParts({
    ...checked,
    root,
    stacks,
    build: async (command) => await runBuild(command, root, variables, interrupts),
    stagingFolder: workspaceOf(root, 'gcp').programsFolder,
    engineSocket: engineSocketOf(variables),
  });
  const outputFolder = path.resolve(variables['CDKTF_OUTDIR'] ?? path.join(root, 'cdktf.out'));
  withoutTraces(() => {
    buildApp({ ...parts, outputFolder, stateFolder: root }).synth();
  });
}

try {
  await main();
} catch (caught) {
  const error = asProblem(caught);
  if (!(error instanceof LongshoreError)) throw error;
  console.error(renderProblem(error.problem));
  process.exitCode = 2;
}
