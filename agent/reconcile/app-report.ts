/** What the agent says of one app to the coordinator: derived from memory, observation and plan, never stored. Pure. */
import type { RunEntry } from '../../fleet/assignment.ts';
import { boundedText } from '../../fleet/bounded-text.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { LIST_LIMITS, TEXT_LIMITS } from '../../fleet/limits.ts';
import type { AppReport, AttemptReport, InstanceReport, InstanceState } from '../../fleet/report.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import {
  type Completion,
  instanceKey,
  type InstanceRecord,
  replicaOfKey,
  sameAttempt,
  serviceOfKey,
} from '../state/app-journal.ts';
import { type AppContext, findContainer, healthOf, isUp, specOf } from './app-context.ts';
import { missingVolume } from './app-volumes.ts';
import { isDone } from './completion.ts';
import { exitOf } from './gate.ts';
import type { AppPlan } from './plan-app.ts';
import { protectedInstances } from './plan-retirement.ts';
import { startProblem } from './plan-start.ts';
import { probeAddress } from './probe-target.ts';
import { restartLoopOf } from './restart-loop.ts';

export function reportApp(context: AppContext, plan: AppPlan): AppReport {
  const { app, entry, journal } = context;
  const flaw = plan.isRemoved ? null : flawOf(context, plan);
  return {
    app,
    release: journal.committed?.release ?? null,
    attempt: reportAttempt(context, plan),
    instances: [
      ...reportedContainers(context).map((container) => reportInstance(context, plan, container)),
      ...reportGone(context),
    ].slice(0, LIST_LIMITS.instances),
    converged: flaw === null,
    waiting: flaw === null ? null : boundedText(flaw, TEXT_LIMITS.waiting),
    proposal: null,
    unclaimed: entry === null,
    removed: plan.isRemoved,
  };
}

/** What serves or is about to comes first where there are more than a report holds. */
function reportedContainers(context: AppContext): readonly ContainerObservation[] {
  const { containers } = context;
  if (containers.length <= LIST_LIMITS.instances) return containers;
  const kept = protectedInstances(context);
  const isKept = (each: ContainerObservation): boolean => kept.has(each.instance);
  return [...containers.filter(isKept), ...containers.filter((each) => !isKept(each))].slice(0, LIST_LIMITS.instances);
}

/** Why the app is not as its entry wants it; null = it is. Old instances that still end their requests do not count. */
function flawOf(context: AppContext, plan: AppPlan): string | null {
  const { entry, journal } = context;
  const waited = plan.builder.waits[0]?.reason ?? null;
  if (entry === null) return 'no entry of the assignment names this app; it keeps running';
  if (entry.kind === 'remove') return waited ?? 'the app is being removed';
  const { attempt, committed } = journal;
  if (attempt === null || !sameAttempt(attempt.entry, entry)) return waited ?? 'about to start';
  if (attempt.state === 'failed') return attempt.problem?.message ?? 'the attempt failed';
  if (attempt.state === 'running') return waited ?? 'in progress';
  for (const [key, record] of Object.entries(committed?.instances ?? {})) {
    if (isDone(context, committed?.entry ?? null, serviceOfKey(key), record.instance)) continue;
    const container = findContainer(context, record.instance);
    const missing = missingVolume(context, record.instance);
    if (missing !== null) return `${key}: ${missing.message}. ${missing.hint}`;
    const flaw = container === undefined ? 'is gone' : flawOfInstance(context, container);
    if (flaw !== null) return `${key} ${flaw}`;
  }
  return hasMoved(context, plan) ? null : (ingressObstacle(context) ?? 'traffic has not moved yet');
}

function flawOfInstance(context: AppContext, container: ContainerObservation): string | null {
  const entry = context.journal.committed?.entry ?? null;
  const spec = specOf(entry, container.service);
  const loop = restartLoopOf(context, container);
  if (loop !== null) return loop.message;
  if (container.state !== 'running') {
    const reason = isUp(container) ? null : startProblem(context, container.instance);
    const state = container.state === 'exited' ? exitOf(container) : `is ${container.state}`;
    return reason === null ? state : `${state} and does not start: ${reason}`;
  }
  if (spec !== null && container.restartPolicy !== spec.restart.name) return 'is up; finishing the swap';
  const health = healthOf(context, container.instance);
  return health?.isUnhealthy === true ? `is not healthy: ${health.lastAnswer ?? ''}` : null;
}

/** The ingress has taken what the plan wants for this app. */
export function hasMoved(context: AppContext, plan: AppPlan): boolean {
  const { ingress } = context.facts;
  if (ingress === null) return true;
  return Object.entries(plan.routing.upstreams).every(
    ([service, addresses]) => (ingress.upstreams?.[service] ?? []).join() === addresses.join(),
  );
}

function ingressObstacle(context: AppContext): string | null {
  const failure = context.facts.failures['ingress:upstreams'] ?? context.facts.failures['ingress:configuration'];
  return failure?.problem.message ?? null;
}

function reportAttempt(context: AppContext, plan: AppPlan): AttemptReport | null {
  const { entry, journal, now } = context;
  const { attempt } = journal;
  if (entry?.kind !== 'run') return null;
  const base = { deployment: entry.deployment, release: entry.release, attempt: entry.attempt };
  const nextRetryAt =
    plan.builder.nextRetryAtMs === null
      ? null
      : Math.max(0, Math.round(now.wallMs + plan.builder.nextRetryAtMs - now.monotonicMs));
  const none = { problem: lastProblem(context), failedService: null, nextRetryAt };
  if (attempt === null || !sameAttempt(attempt.entry, entry)) return { ...base, state: 'accepted', ...none };
  switch (attempt.state) {
    case 'failed':
      return {
        ...base,
        state: 'failed',
        problem: attempt.problem,
        failedService: attempt.failedService,
        nextRetryAt: null,
      };
    case 'passed':
      // It answers through the ingress before it is called passed.
      return { ...base, state: hasMoved(context, plan) ? 'passed' : 'gating', ...none, problem: null };
    case 'running':
      return { ...base, state: plan.attempt?.phase ?? 'accepted', ...none };
  }
}

/** Of an attempt under way: the last transient failure, which is tried again. */
function lastProblem(context: AppContext): Problem | null {
  const { failures } = context.facts;
  for (const [object, failure] of Object.entries(failures)) {
    const isOurs =
      object.endsWith(`:${context.app}`) || context.containers.some((each) => object === `instance:${each.instance}`);
    if ((isOurs || object.startsWith('image:')) && failure.retryable) return failure.problem;
  }
  return null;
}

function reportInstance(context: AppContext, plan: AppPlan, container: ContainerObservation): InstanceReport {
  const entry = context.journal.committed?.entry ?? context.journal.attempt?.entry ?? null;
  const spec = specOf(entry, container.service);
  const address = spec === null ? container.address : probeAddress(spec, container);
  const upstreams = context.facts.ingress?.upstreams?.[`${context.app}/${container.service}`];
  const committed = context.journal.committed?.instances[instanceKey(container.service, container.replica)];
  return {
    id: container.instance,
    service: container.service,
    replica: container.replica,
    hash: container.hash,
    release: container.release,
    state: stateOf(context, container),
    routed:
      upstreams === undefined
        ? committed?.instance === container.instance && isUp(container)
        : address !== null && upstreams.includes(address),
    restarts: container.restartCount,
    startedAt: container.startedAtMs === null ? null : Math.round(container.startedAtMs),
    detail: detailOf(context, container),
    completed: isDone(context, entryOf(context, container.instance), container.service, container.instance),
  };
}

/** What an instance was made for: the attempt where it is one of its candidates. */
function entryOf(context: AppContext, instance: InstanceId): RunEntry | null {
  const { attempt, committed } = context.journal;
  const isCandidate = Object.values(attempt?.candidates ?? {}).some((record) => record.instance === instance);
  return (isCandidate ? attempt?.entry : committed?.entry) ?? null;
}

const GONE_DETAIL: Readonly<Record<Completion, string>> = {
  completed: 'completed; its container was removed',
  'left-out': 'not run on the way back',
  once: 'runs once for the deployment, before its first wave',
};

/** One-shots without a container: pruned after they completed, or not run on the way back. */
function reportGone(context: AppContext): readonly InstanceReport[] {
  const { committed } = context.journal;
  return Object.entries(committed?.instances ?? {}).flatMap(([key, record]) => {
    const isGone = findContainer(context, record.instance) === undefined;
    const isOver = isDone(context, committed?.entry ?? null, serviceOfKey(key), record.instance);
    return isGone && isOver ? [goneInstance(key, record, context.journal.completions[record.instance])] : [];
  });
}

function goneInstance(
  key: string,
  { instance, hash, release }: InstanceRecord,
  completion: Completion | undefined,
): InstanceReport {
  return {
    id: instance,
    service: serviceOfKey(key),
    replica: replicaOfKey(key),
    hash,
    release,
    state: 'stopped',
    routed: false,
    restarts: 0,
    startedAt: null,
    detail: GONE_DETAIL[completion ?? 'completed'],
    completed: true,
  };
}

function stateOf(context: AppContext, container: ContainerObservation): InstanceState {
  if (container.state === 'created') return 'creating';
  if (!isUp(container)) {
    const wasStopped = container.exitCode === 0 || !context.facts.startedHere.has(container.instance);
    return wasStopped ? 'stopped' : 'exited';
  }
  if (!protectedInstances(context).has(container.instance)) return 'draining';
  // Between two of its ends it runs for a while, and may even answer.
  if (restartLoopOf(context, container) !== null) return 'unhealthy';
  if (container.state === 'restarting') return 'starting';
  const health = healthOf(context, container.instance);
  if (health === undefined) return container.restartPolicy === 'no' ? 'starting' : 'healthy';
  if (health.isUnhealthy) return 'unhealthy';
  return health.healthySinceMs === null ? 'starting' : 'healthy';
}

function detailOf(context: AppContext, container: ContainerObservation): string | null {
  const loop = restartLoopOf(context, container);
  if (loop !== null) return boundedText(loop.message, TEXT_LIMITS.instanceDetail);
  if (container.state === 'exited' && container.exitCode !== 0) return exitOf(container);
  const health = healthOf(context, container.instance);
  if (health?.healthySinceMs !== null || health.lastAnswer === null) return null;
  return boundedText(health.lastAnswer, TEXT_LIMITS.instanceDetail);
}
