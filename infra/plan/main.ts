/** What `plan.sh` runs: reads options and variables, builds the parts, and turns problems into an exit code. */
import path from 'node:path';
import { ERRORS, LongshoreError } from '../../fleet/errors.ts';
import { engineSocketOf } from '../engine-socket.ts';
import { accessToken } from '../google/access-token.ts';
import { createGoogleRequest } from '../google/google-request.ts';
import { checkParts } from '../prepare-parts.ts';
import { renderProblem } from '../render-problem.ts';
import { engineProblem, stackObjects } from './ask-engine.ts';
import { toolProblems } from './check-tools.ts';
import { asProblem } from './file-problem.ts';
import { createInterrupts } from './interrupts.ts';
import { parsePlanOptions, PLAN_USAGE, type PlanOptions, plansInDoubt } from './plan-options.ts';
import { checkSnapshots, COMPUTE_ENDPOINT } from './check-snapshots.ts';
import { dropPlan } from './plan-record.ts';
import { runBuild } from './run-build.ts';
import { runApply, runOutput, runPlan, type Planning } from './run-plan.ts';
import { checkStateBucket, STORAGE_ENDPOINT } from './state-bucket.ts';
import { Terraform } from './terraform.ts';
import { workspaceOf } from './workspace.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const variables = process.env;
const interrupts = createInterrupts(process);
const isColoured = process.stdout.isTTY && (variables['NO_COLOR'] ?? '') === '';
const isApply = process.argv.includes('--apply');

function readOptions(args: readonly string[]): PlanOptions {
  try {
    return parsePlanOptions(args);
  } catch (error) {
    const { stacks, directory } = plansInDoubt(args);
    for (const stack of stacks) dropPlan(workspaceOf(folderOf(directory), stack));
    throw error;
  }
}

function folderOf(directory: string | null): string {
  return directory === null ? root : path.resolve(process.cwd(), directory);
}

function planningOf(options: PlanOptions): Planning {
  const here = process.cwd();
  const { stack } = options;
  const workspace = workspaceOf(folderOf(options.directory), stack);
  const terraform = new Terraform(workspace, variables, interrupts, isColoured);
  const fleetFile = options.file === null ? path.join(root, 'fleet.yaml') : path.resolve(here, options.file);
  const say = (text: string): void => console.log(text);
  const progress = (text: string): void => {
    if (interrupts.count() > 0)
      throw new LongshoreError('CONFLICT', 'plan.sh: stopped', { hint: 'Nothing was changed.' });
    console.error(`... ${text}`);
  };
  const build: Planning['build'] = async (command) => {
    progress(command.filter((word) => !word.startsWith('-')).join(' '));
    await runBuild(command, root, variables, interrupts);
  };
  return {
    root,
    workspace,
    terraform,
    check: async (what) => {
      const facts = {
        terraform: await terraform.version(),
        engineProblem: stack === 'local' && what === 'all' ? await engineProblem(variables) : null,
      };
      const problems = toolProblems(facts, stack);
      return checkParts({ fleetFile, stacks: [stack], variables, folder: here, what, problems });
    },
    checkBucket: async ({ fleet, environment }) => {
      if (stack !== 'gcp') return;
      const request = createGoogleRequest(variables);
      const endpoint = (variables['GOOGLE_STORAGE_CUSTOM_ENDPOINT'] ?? STORAGE_ENDPOINT).replace(/\/$/, '');
      const token = async (): Promise<string | null> =>
        await accessToken({ environment, variables, request, nowMs: Date.now() });
      if (!(await checkStateBucket({ fleet, token, request, endpoint })))
        say('The bucket of the state was not checked: only Terraform can use this kind of credentials.');
    },
    checkSnapshots: async (fleet, environment, snapshots) => {
      const request = createGoogleRequest(variables);
      const endpoint = (variables['GOOGLE_COMPUTE_CUSTOM_ENDPOINT'] ?? COMPUTE_ENDPOINT).replace(/\/$/, '');
      const token = async (): Promise<string | null> =>
        await accessToken({ environment, variables, request, nowMs: Date.now() });
      for (const line of await checkSnapshots({ fleet, snapshots, token, request, endpoint })) say(line);
    },
    stackObjects: async (fleet) => (stack === 'local' ? await stackObjects(engineSocketOf(variables), fleet) : []),
    build,
    engineSocket: engineSocketOf(variables),
    call: { script: path.join(root, 'plan.sh'), file: options.file, directory: options.directory, here },
    say,
    progress,
  };
}

async function main(): Promise<number> {
  process.umask(0o077);
  const options = readOptions(process.argv.slice(2));
  const { task } = options;
  if (task.kind === 'help') {
    console.log(PLAN_USAGE);
    return 0;
  }
  const planning = planningOf(options);
  if (task.kind === 'apply') await runApply(planning);
  else if (task.kind === 'output') await runOutput(planning, task.name);
  else await runPlan(planning, { destroy: task.kind === 'destroy', destroyData: options.destroyData });
  return 0;
}

try {
  process.exitCode = await main();
} catch (caught) {
  const error = asProblem(caught);
  if (!(error instanceof LongshoreError)) throw error;
  const stopped = interrupts.count() > 0;
  // What a program says that was called off is not the reason.
  console.error(stopped && !isApply ? 'plan.sh: stopped; nothing was changed' : renderProblem(error.problem));
  process.exitCode = stopped ? 130 : ERRORS[error.problem.code].exit;
}
