/**
 * The way from fleet.yaml to a saved plan, and from there to the fleet. An old plan goes first; a new one appears only
 * when everything went well, whole and by one rename, so that a plan that lies there is always one that was shown.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import { buildApp } from '../build-app.ts';
import type { InfraEnvironment } from '../environment.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { prepareParts, type Checked } from '../prepare-parts.ts';
import { gcpBackendSettings, statePath } from '../state-backend.ts';
import { withoutTraces } from '../without-traces.ts';
import { refuseCertificateGaps } from './certificate-gaps.ts';
import { configurationHash } from './configuration-hash.ts';
import { estimateCost, renderEstimate } from './cost-estimate.ts';
import { dataLosses, neededSnapshots, refuseUnnamedLosses, renderLosses } from './data-losses.ts';
import { destroyNotes, refuseStillProtected } from './destroying.ts';
import { loginNote } from './login-note.ts';
import { parsePlan } from './plan-json.ts';
import { dropPlan, keepPlan, readRecord } from './plan-record.ts';
import { summarise } from './plan-summary.ts';
import { isSameState, rememberedState, withRememberedLogin, type StateBackend } from './remembered-state.ts';
import { renderSummary } from './render-summary.ts';
import { refuseLeftovers, type StackObject } from './leftovers.ts';
import { checkStatePlace } from './state-place.ts';
import { applyFailure, initFailure, outputFailure, planFailure } from './terraform-failure.ts';
import type { Terraform } from './terraform.ts';
import { applyCommand, showCommand, type PlanCall, type Workspace } from './workspace.ts';

export interface Planning {
  readonly root: string;
  readonly workspace: Workspace;
  readonly terraform: Terraform;
  /** Tools, variables, files and fleet.yaml, or Terraform and fleet.yaml; throws with everything that is wrong. */
  readonly check: (what: 'all' | 'file') => Promise<Checked>;
  /** @throws INFRA_UNREADY where the bucket of the state cannot hold it */
  readonly checkBucket: (checked: Checked) => Promise<void>;
  /** @throws INFRA_UNREADY where a disk could not be made from one of them */
  readonly checkSnapshots: (
    fleet: FleetConfig,
    environment: InfraEnvironment,
    snapshots: readonly string[],
  ) => Promise<void>;
  /** Containers and networks of the local stack that the engine has; none for another stack. */
  readonly stackObjects: (fleet: string) => Promise<readonly StackObject[]>;
  readonly build: (command: readonly string[]) => Promise<void>;
  readonly engineSocket: string;
  readonly call: PlanCall;
  readonly say: (text: string) => void;
  readonly progress: (text: string) => void;
}

export interface PlanRequest {
  /** Everything goes. */
  readonly destroy: boolean;
  /** What holds data and may go, by name. */
  readonly destroyData: readonly string[];
}

export async function runPlan(planning: Planning, { destroy, destroyData }: PlanRequest): Promise<void> {
  const { workspace, terraform } = planning;
  dropPlan(workspace);
  // Only the plan that is gone now could have uploaded them.
  rmSync(workspace.programsFolder, { recursive: true, force: true });
  try {
    const checked = await planning.check('all');
    if (destroy) refuseProtected(checked.fleet, workspace);
    await planning.checkBucket(checked);
    const configuration = await synthesise(planning, checked);
    planning.progress('terraform init');
    const init = await terraform.init(isSameState(rememberedState(workspace.dataFolder), backendOf(planning, checked)));
    if (init.code !== 0) throw initFailure(init, workspace);
    planning.progress('terraform plan');
    const plan = await terraform.plan(destroy);
    if (plan.code !== 0) throw planFailure(plan);
    planning.progress('read the plan');
    const shown = await terraform.showPlan();
    if (shown.code !== 0) throw planFailure(shown);
    const parsed = parsePlan(shown.stdout);
    if (destroy && workspace.stack === 'gcp') refuseStillProtected(parsed);
    const losses = workspace.stack === 'gcp' ? dataLosses(parsed) : [];
    const snapshots = neededSnapshots(parsed);
    refuseUnnamedLosses(losses, destroyData, checked.fleet, destroy);
    refuseCertificateGaps(parsed);
    if (snapshots.length > 0) await planning.checkSnapshots(checked.fleet, checked.environment, snapshots);
    refuseLeftovers(parsed, await planning.stackObjects(checked.fleet.name));
    const summary = summarise(parsed);
    planning.progress('keep it');
    keepPlan(workspace, configuration, destroy);
    planning.say(renderSummary(summary));
    if (summary.changes.length === 0) return;
    if (losses.length > 0) planning.say(`\n${renderLosses(losses, snapshots)}`);
    if (destroy && workspace.stack === 'gcp') planning.say(`\n${destroyNotes(checked.fleet)}`);
    if (workspace.stack === 'gcp' && !destroy) planning.say(`\n${renderEstimate(estimateCost(checked.fleet))}`);
    const login =
      workspace.stack === 'gcp' && !destroy ? loginNote(checked.fleet, checked.environment.privateKeyPath) : null;
    if (login !== null) planning.say(`\n${login}`);
    planning.say(
      `\nNothing is changed yet. Everything in detail: ${showCommand(workspace, planning.call)}\nTo do it:\n  ${applyCommand(workspace, planning.call)}`,
    );
  } catch (error) {
    dropPlan(workspace);
    throw error;
  }
}

export async function runApply(planning: Planning): Promise<void> {
  const { workspace, terraform } = planning;
  const record = readRecord(workspace);
  const checked = await planning.check('all');
  const configuration = await synthesise(planning, checked);
  const name = path.basename(workspace.planFile);
  if (configuration !== record.configuration)
    throw new LongshoreError(
      'PLAN_STALE',
      `apply ${name}: fleet.yaml, a variable or a program has changed since it was made`,
      {
        hint: 'Make a new plan with `bash plan.sh`, and read what it would do. This one is still there.',
      },
    );
  const end = await terraform.apply();
  if (end.code !== 0) throw applyFailure(end);
  // It cannot be applied twice.
  dropPlan(workspace);
}

/** Reads the state alone: neither credentials of machines nor programs are needed for what the last apply has to tell. */
export async function runOutput(planning: Planning, name: string | null): Promise<void> {
  const { workspace, terraform } = planning;
  const checked = await planning.check('file');
  const folder = path.join(workspace.outputFolder, `output-${workspace.stack}`);
  const backend = withRememberedLogin(rememberedState(workspace.dataFolder), backendOf(planning, checked));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'backend.tf.json'), `${JSON.stringify({ terraform: { backend } })}\n`);
  const init = await terraform.initState(folder);
  if (init.code !== 0) throw initFailure(init, workspace);
  const end = await terraform.output(folder, name);
  if (end.code !== 0) throw outputFailure(end);
  planning.say(end.stdout.trim() === '' ? 'There are no outputs yet: nothing was applied.' : end.stdout.trimEnd());
}

/** @returns the hash of the configuration */
async function synthesise(planning: Planning, checked: Checked): Promise<string> {
  const { root, workspace, build, engineSocket } = planning;
  checkStatePlace(checked.fleet, workspace);
  const parts = await prepareParts({
    ...checked,
    root,
    stacks: [workspace.stack],
    build,
    stagingFolder: workspace.programsFolder,
    engineSocket,
  });
  planning.progress('write the configuration');
  rmSync(workspace.configuration, { recursive: true, force: true });
  mkdirSync(workspace.outputFolder, { recursive: true });
  withoutTraces(() => {
    buildApp({ ...parts, outputFolder: workspace.outputFolder, stateFolder: workspace.folder }).synth();
  });
  return configurationHash(workspace.configuration);
}

function backendOf({ workspace: { stack, folder } }: Planning, { fleet, environment }: Checked): StateBackend {
  return stack === 'gcp' && fleet.state !== null
    ? { gcs: gcpBackendSettings(fleet.state, environment) }
    : { local: { path: statePath(folder, fleet.name, stack) } };
}

function refuseProtected(fleet: FleetConfig, { stack }: Workspace): void {
  if (stack === 'gcp' && fleet.protect)
    throw new LongshoreError(
      'INFRA_UNREADY',
      'plan to destroy the fleet: fleet.yaml has `protect: true`, which keeps what holds data',
      {
        hint: 'Set protect: false in fleet.yaml, run `bash plan.sh` and apply that; then `bash plan.sh --destroy`.',
      },
    );
}
