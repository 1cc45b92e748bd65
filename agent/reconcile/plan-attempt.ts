/**
 * One attempt to move an app to an entry: everything pulled, candidates created beside the old, started in
 * the order of their dependencies, gated; when all have passed, names and traffic move together and the attempt commits.
 * Nothing old is removed here. Each call plans what can be done now; the same function continues after a crash. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import { problem, type Problem } from '../../fleet/errors.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import {
  type AttemptRecord,
  goalInstances,
  type InstanceRecord,
  keysOf,
  serviceOfKey,
  stayingInstances,
} from '../state/app-journal.ts';
import {
  addressOf,
  type AppContext,
  findContainer,
  hasCompleted,
  healthOf,
  isUp,
  mayComplete,
  specOf,
} from './app-context.ts';
import { type Action, imageKey } from './action.ts';
import { changedVolume, hasForeignVolume, missingVolume, mustStopFirst, rootVolume } from './app-volumes.ts';
import { newCompletions, pendingCandidates } from './completion.ts';
import { unmetDependency } from './dependencies.ts';
import { doubtOf } from './engine-doubt.ts';
import { evalGate } from './gate.ts';
import { holdsPortOf } from './host-ports.ts';
import { missingNames } from './names.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { planKept } from './plan-kept.ts';
import { graceOf, planStop } from './plan-retirement.ts';
import { planStart } from './plan-start.ts';
import { instancePlan, planPrerequisites, pullRequest } from './prerequisites.ts';
import { toProbeTarget } from './probe-target.ts';
import { progressDeadline } from './progress-deadline.ts';
import { capacityOf } from './subnet.ts';
import { takenRoute } from './taken-route.ts';

export interface AttemptPlan {
  readonly phase: 'pulling' | 'starting' | 'gating';
  /** Every gate is passed and the names have moved: traffic goes to the new generation. */
  readonly isMoving: boolean;
  readonly failure: AttemptFailure | null;
}

export interface AttemptFailure {
  readonly problem: Problem;
  readonly failedService: string | null;
  readonly instance: InstanceId | null;
}

export function planAttempt(context: AppContext, builder: PlanBuilder, attempt: AttemptRecord): AttemptPlan {
  const { entry } = attempt;
  const refused = context.rules.policy(entry) ?? takenRoute(context, attempt);
  if (refused !== null) return failed({ problem: refused, failedService: null, instance: null });

  const cramped = missingNetwork(context, entry);
  if (cramped !== null) return failed({ problem: cramped, failedService: null, instance: null });

  const goal = goalInstances(context.journal, attempt);
  const pending = pendingCandidates(context, attempt);
  const services = [...new Set(pending.map(([key]) => serviceOfKey(key)))];
  const unfit = changedVolume(context, entry, services) ?? rootVolume(context, entry, services);
  if (unfit !== null) return failed({ problem: unfit, failedService: null, instance: null });
  for (const [key, record] of Object.entries(goal)) {
    const missing = key in attempt.candidates ? null : missingVolume(context, record.instance);
    if (missing !== null) return failed({ problem: missing, failedService: serviceOfKey(key), instance: null });
  }
  const prerequisites = planPrerequisites(context, builder, entry, services);
  const toStop: ContainerObservation[] = [];
  let waitingToStart = 0;
  let waitingForGate = 0;
  for (const [key, record] of pending) {
    const container = findContainer(context, record.instance);
    if (container !== undefined && mustBeRemade(context, entry, container)) {
      waitingToStart += 1;
      planRemake(context, builder, container);
      continue;
    }
    if (container === undefined || mustStart(context, entry, container)) {
      waitingToStart += 1;
      if (prerequisites.isReady) planCandidate(context, builder, attempt, goal, key, record, toStop);
      continue;
    }
    const spec = specOf(entry, serviceOfKey(key));
    if (spec !== null && isUp(container)) builder.probe(toProbeTarget(spec, container, true));
    const verdict = evalGate({
      entry,
      service: serviceOfKey(key),
      key,
      container,
      health: healthOf(context, record.instance),
      nowMs: context.now.monotonicMs,
    });
    const doubt = verdict.kind === 'failed' ? doubtOf(context, key, container, verdict) : null;
    if (doubt !== null) {
      waitingForGate += 1;
      if (doubt.needsLook) builder.askEngine();
      builder.wait(doubt.reason, doubt.untilMs);
      continue;
    }
    if (verdict.kind === 'failed') {
      const found = problem(verdict.code, verdict.message);
      return failed({ problem: found, failedService: serviceOfKey(key), instance: record.instance });
    }
    if (verdict.kind === 'passed') continue;
    waitingForGate += 1;
    builder.wait(verdict.reason, verdict.wakeAtMs);
  }
  const refusal = builder.refusals[0];
  if (refusal !== undefined) return failed({ problem: refusal.problem, failedService: null, instance: null });
  const total = pending.length;
  if (waitingToStart > 0 && total > 1 && !prerequisites.isPulling)
    builder.headline(`${total - waitingToStart} of ${total} started`);
  const areKeptWell = planKept(context, builder, attempt, goal);
  const late = progressDeadline(context, builder, attempt);
  if (late !== null) return failed({ problem: late, failedService: null, instance: null });

  const completed = newCompletions(context, entry, attempt.candidates);
  if (toStop.length > 0) builder.wantIfFree(noteStop(context, toStop));
  if (completed.length > 0) builder.wantIfFree({ kind: 'note-completed', app: context.app, instances: completed });
  const phase = prerequisites.isPulling ? 'pulling' : waitingToStart > 0 ? 'starting' : 'gating';
  if (waitingToStart > 0 || waitingForGate > 0 || completed.length > 0 || !areKeptWell)
    return { phase, isMoving: false, failure: null };
  if (!planNames(context, builder, attempt, goal)) return { phase, isMoving: false, failure: null };
  builder.want({ kind: 'commit', app: context.app, images: imagesOf(context, entry, goal) });
  return { phase, isMoving: entry.onlyOnce !== true, failure: null };
}

/** Networks are given out of a range that can be used up. */
function missingNetwork(context: AppContext, entry: RunEntry): Problem | null {
  const { subnet } = context.journal;
  const keys = keysOf(entry).filter((key) => specOf(entry, serviceOfKey(key))?.networkMode === 'app');
  if (keys.length === 0) return null;
  if (subnet === null)
    return problem(
      'UNPLACEABLE',
      `${context.app}: every network of ${context.rules.subnetPool} is taken by another app`,
      {
        hint: 'Give this host a larger `subnet_pool`.',
      },
    );
  if (keys.length <= capacityOf(subnet)) return null;
  return problem('UNPLACEABLE', `${context.app}: ${keys.length} instances do not fit into ${subnet}`, {
    hint: 'Use fewer replicas on this host, or give it a larger `subnet_pool`.',
  });
}

/** Not started yet, or ended with an earlier run of the agent or the engine: its gate begins again. */
function mustStart(context: AppContext, entry: RunEntry, container: ContainerObservation): boolean {
  if (container.state === 'created') return true;
  if (container.state !== 'exited' || context.facts.startedHere.has(container.instance)) return false;
  return !(hasCompleted(container) && mayComplete(entry, container));
}

/** It would serve without the data, however well it runs. One that has done its work is not asked to do it again. */
function mustBeRemade(context: AppContext, entry: RunEntry, container: ContainerObservation): boolean {
  const isDone = hasCompleted(container) && mayComplete(entry, container);
  return !isDone && hasForeignVolume(context, entry, container);
}

function planRemake(context: AppContext, builder: PlanBuilder, container: ContainerObservation): void {
  const { service, instance } = container;
  builder.wait(`${service}/${container.replica} does not have the volume with its data and is made again`);
  if (isUp(container)) planStop(context, builder, container, 'at-once');
  else builder.want({ kind: 'remove', app: context.app, service, instance });
}

function planCandidate(
  context: AppContext,
  builder: PlanBuilder,
  attempt: AttemptRecord,
  goal: Readonly<Record<string, InstanceRecord>>,
  key: string,
  record: InstanceRecord,
  toStop: ContainerObservation[],
): void {
  const { entry } = attempt;
  const service = serviceOfKey(key);
  const container = findContainer(context, record.instance);
  if (container === undefined) {
    const planned = instancePlan(context, entry, goal, key, record);
    if (planned === null) builder.wait(`${key} has no address left in the network of the app`);
    else builder.want({ kind: 'create', app: context.app, ...planned });
    return;
  }
  const unmet = unmetDependency(context, entry, goal, service);
  if (unmet !== null) {
    builder.wait(unmet);
    return;
  }
  const inTheWay = committedInTheWay(context, attempt, key, container);
  for (const old of inTheWay) planStopFirst(context, builder, attempt, old, toStop);
  if (inTheWay.length === 0) planStart(context, builder, entry, container);
}

/** What serves and has to stop before the candidate of this key starts: its predecessor, and what holds its host ports. */
function committedInTheWay(
  context: AppContext,
  attempt: AttemptRecord,
  key: string,
  candidate: ContainerObservation,
): readonly ContainerObservation[] {
  const { entry } = attempt;
  const service = serviceOfKey(key);
  const staying = stayingInstances(context.journal, attempt);
  return Object.entries(context.journal.committed?.instances ?? {}).flatMap(([oldKey, { instance }]) => {
    const old = findContainer(context, instance);
    if (old === undefined || !isUp(old) || staying.has(instance)) return [];
    return (oldKey === key && mustStopFirst(entry, candidate, old)) || holdsPortOf(context, entry, service, old)
      ? [old]
      : [];
  });
}

/** The old one makes room: noted first, so that it is started again as the same container if the attempt fails. */
function planStopFirst(
  context: AppContext,
  builder: PlanBuilder,
  attempt: AttemptRecord,
  old: ContainerObservation,
  toStop: ContainerObservation[],
): void {
  const { app } = context;
  const { service, instance } = old;
  // Two candidates may need ports of the same one.
  if (builder.has(`instance:${instance}`)) return;
  if (!attempt.stopped.includes(instance)) {
    if (!toStop.includes(old)) toStop.push(old);
  } else if (old.restartPolicy !== 'no') {
    // Else a restart of the engine would bring it back beside the new one.
    builder.want({ kind: 'set-restart', app, service, instance, name: 'no', maxAttempts: 0 });
  } else {
    planStop(context, builder, old, 'at-once');
  }
}

/** They stop together: the longest of their graces is not the new release's fault, and not of its time. */
function noteStop(context: AppContext, toStop: readonly ContainerObservation[]): Action {
  return {
    kind: 'note-stop',
    app: context.app,
    instances: toStop.map(({ instance }) => instance),
    graceMs: Math.max(...toStop.map((each) => graceOf(context, each))),
  };
}

/** Internal names move to the candidates, before any traffic: the reconnect interrupts nobody yet. */
function planNames(
  context: AppContext,
  builder: PlanBuilder,
  attempt: AttemptRecord,
  goal: Readonly<Record<string, InstanceRecord>>,
): boolean {
  const { app, network } = context;
  let areNamed = true;
  for (const [key, record] of Object.entries(attempt.candidates)) {
    const { instance } = record;
    const service = serviceOfKey(key);
    const container = findContainer(context, instance);
    if (specOf(attempt.entry, service)?.networkMode !== 'app') continue;
    if (container === undefined || !isUp(container) || network === null) continue;
    const names = missingNames(context, attempt.entry, goal, key, container);
    if (names === null) continue;
    areNamed = false;
    const address = container.address ?? addressOf(context, attempt.entry, key, record);
    if (address !== null)
      builder.want({ kind: 'set-names', app, service, instance, network: network.name, address, names });
  }
  if (!areNamed) builder.wait('internal names move to the new instances');
  return areNamed;
}

/** Pins and the engine's ids of all services, for the journal. */
function imagesOf(
  context: AppContext,
  entry: RunEntry,
  goal: Readonly<Record<string, InstanceRecord>>,
): Readonly<Record<string, string>> {
  const images: Record<string, string> = {};
  for (const key of Object.keys(goal)) {
    const request = pullRequest(entry, serviceOfKey(key));
    if (request === null) continue;
    const container = findContainer(context, goal[key]?.instance ?? ('' as InstanceId));
    const imageId = context.facts.images[imageKey(request)]?.imageId ?? container?.imageId;
    if (imageId !== undefined) images[request.digest] = imageId;
  }
  return images;
}

const failed = (failure: AttemptFailure): AttemptPlan => ({ phase: 'gating', isMoving: false, failure });
