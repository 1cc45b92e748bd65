/**
 * Keeps the committed generation as it should be: running, under its own restart policy, named, with the right image.
 * What a person removed is made again, what was stopped is started again. Also the way back after a failed attempt:
 * the old instances are simply what should run. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ContainerObservation, NetworkNames } from '../engine/container-engine.ts';
import { type Committed, goalInstances, instanceKey, leavingInstances, serviceOfKey } from '../state/app-journal.ts';
import {
  addressOf,
  type AppContext,
  findContainer,
  hasCompleted,
  hasRightImage,
  isUp,
  mayComplete,
  specOf,
} from './app-context.ts';
import { isDone, newCompletions } from './completion.ts';
import { exitOf } from './gate.ts';
import { missingNames } from './names.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { graceOf } from './plan-retirement.ts';
import { planStart } from './plan-start.ts';
import { instancePlan, planFilesOf, planPrerequisites } from './prerequisites.ts';
import { toProbeTarget } from './probe-target.ts';
import { restartDueMs } from './restart-loop.ts';

export interface CommittedOptions {
  /** Keys that an attempt is replacing: not made again when they are gone. */
  readonly replaced: ReadonlySet<string>;
  /** Make what is gone; false for an app that nobody claims. */
  readonly recreate: boolean;
}

export function planCommitted(
  context: AppContext,
  builder: PlanBuilder,
  committed: Committed,
  options: CommittedOptions,
): void {
  const leaving = leavingInstances(context.journal);
  for (const [key, record] of Object.entries(committed.instances)) {
    const container = findContainer(context, record.instance);
    if (leaving.has(record.instance)) continue;
    const isOver = isDone(context, committed.entry, serviceOfKey(key), record.instance);
    if (container === undefined) {
      if (options.recreate && !isOver && !options.replaced.has(key))
        planRecreation(context, builder, committed.entry, key, committed);
      continue;
    }
    if (!isOver && (!hasRightImage(container) || container.state === 'dead')) {
      planReplacement(context, builder, container);
      continue;
    }
    planContainer(context, builder, committed.entry ?? knownEntry(context, container), container);
  }
  const completed = newCompletions(context, committed.entry, committed.instances);
  if (completed.length > 0 && !builder.has(`journal:${context.app}`))
    builder.want({ kind: 'note-completed', app: context.app, instances: completed });
  planForgetStops(context, builder);
}

/** After the loss of the journal: the entry under way describes what it leaves alone. */
function knownEntry(context: AppContext, container: ContainerObservation): RunEntry | null {
  const entry = context.journal.attempt?.entry ?? null;
  return entry?.hashes[container.service] === container.hash ? entry : null;
}

function planContainer(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): void {
  const { app } = context;
  const { service, instance } = container;
  const spec = specOf(entry, service);
  if (spec !== null && isUp(container)) {
    builder.probe(toProbeTarget(spec, container, false));
    // Also while it runs: the engine itself restarts it, and it cannot do so without them.
    planFilesOf(context, builder, entry, container);
  }
  if (spec !== null && container.restartPolicy !== spec.restart.name) {
    const { name, maxAttempts } = spec.restart;
    builder.want({ kind: 'set-restart', app, service, instance, name, maxAttempts });
    return;
  }
  if (!isUp(container)) {
    if (shouldRun(context, entry, container)) planRestart(context, builder, entry, container);
    return;
  }
  if (spec === null || entry === null || spec.networkMode !== 'app') return;
  if (context.network === null) {
    const { subnet } = context.journal;
    if (subnet !== null) builder.wantIfFree({ kind: 'ensure-network', app, subnet });
    return;
  }
  const address = container.address ?? detachedAddress(context, entry, container);
  const names = neededNames(context, entry, container);
  if (names === null || address === null) return;
  builder.want({ kind: 'set-names', app, service, instance, network: context.network.name, address, names });
}

/** By the committed generation, and by the one under way where it stays in that: its candidates look for it. */
function neededNames(context: AppContext, entry: RunEntry, container: ContainerObservation): NetworkNames | null {
  const { attempt, committed } = context.journal;
  const key = instanceKey(container.service, container.replica);
  const serving = missingNames(context, entry, committed?.instances ?? {}, key, container);
  if (serving !== null || attempt?.state !== 'running') return serving;
  const goal = goalInstances(context.journal, attempt);
  return goal[key]?.instance === container.instance ? missingNames(context, attempt.entry, goal, key, container) : null;
}

function detachedAddress(context: AppContext, entry: RunEntry, container: ContainerObservation): string | null {
  const key = `${container.service}/${container.replica}`;
  const record = context.journal.committed?.instances[key];
  return record === undefined ? null : addressOf(context, entry, key, record);
}

function planRecreation(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  key: string,
  committed: Committed,
): void {
  const record = committed.instances[key];
  if (entry === null || record === undefined) return;
  builder.wait(`${key} is gone and is made again`);
  if (!planPrerequisites(context, builder, entry, [serviceOfKey(key)]).isReady) return;
  const planned = instancePlan(context, entry, committed.instances, key, record);
  if (planned !== null) builder.want({ kind: 'create', app: context.app, ...planned });
}

/** Not what its label says, or broken in the engine: it goes, and is made again under the same name. */
function planReplacement(context: AppContext, builder: PlanBuilder, container: ContainerObservation): void {
  const { app } = context;
  const { service, instance } = container;
  builder.wait(`${service}/${container.replica} does not run the image it should and is made again`);
  const graceMs = graceOf(context, container);
  if (isUp(container)) builder.want({ kind: 'stop', app, service, instance, graceMs });
  else builder.want({ kind: 'remove', app, service, instance });
}

/** One that ends again and again is started ever more slowly, as the engine does by its restart policies. */
function planRestart(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): void {
  const dueMs = restartDueMs(context, container);
  if (dueMs <= context.now.monotonicMs) planStart(context, builder, entry, container);
  else builder.wait(`${container.service}/${container.replica} ${exitOf(container)} and is started again soon`, dueMs);
}

/**
 * Whether a container that does not run should: not where it has done its work, or is not to be started again. Docker
 * takes exit code 0 for the end of the work under `on-failure`, which a server never has.
 */
export function shouldRun(context: AppContext, entry: RunEntry | null, container: ContainerObservation): boolean {
  const restart = specOf(entry, container.service)?.restart ?? null;
  if (container.state === 'created') return true;
  if (context.journal.attempt?.stopped.includes(container.instance) === true) return true;
  const name = restart?.name ?? container.restartPolicy;
  switch (name) {
    case 'no':
      return false;
    case 'on-failure': {
      const limit = restart?.maxAttempts ?? 0;
      if (entry !== null && hasCompleted(container)) return !mayComplete(entry, container);
      return container.exitCode !== 0 && (limit === 0 || container.restartCount < limit);
    }
    default:
      return true;
  }
}

/** Once what the failed attempt had stopped runs again, a later end of it is its own. */
function planForgetStops(context: AppContext, builder: PlanBuilder): void {
  const { attempt } = context.journal;
  if (attempt?.state !== 'failed' || attempt.stopped.length === 0) return;
  const isBack = attempt.stopped.every((instance) => {
    const container = findContainer(context, instance);
    return container === undefined || isUp(container);
  });
  if (isBack && !builder.has(`journal:${context.app}`)) builder.want({ kind: 'forget-stop', app: context.app });
}
