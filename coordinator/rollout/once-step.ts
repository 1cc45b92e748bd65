/**
 * The step before the first wave: services with `once: deployment` run to their end on one connected host, while every
 * host goes on serving what it has. Its failure ends the deployment with nothing moved. A host that falls silent in the
 * middle is waited for until the deadline: a migration that may still run must not begin again elsewhere.
 */
import type { Deployment, HostStep, OnceStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import { digestsToHold, digestsToQuarantine } from './quarantine.ts';
import type { RolloutDraft } from './rollout-draft.ts';
import { stepAnswer } from './step-answer.ts';

/** What runs once in this deployment: as any one-shot where it is new or changed, or with each where it says `always`. */
export function onceServices({
  deployment,
  release,
  base,
}: {
  readonly deployment: Pick<Deployment, 'kind'>;
  readonly release: Pick<Release, 'spec' | 'hashes'>;
  readonly base: Pick<Release, 'hashes'> | null;
}): string[] {
  return Object.entries(release.spec.services).flatMap(([name, service]) => {
    if (service.once !== 'deployment') return [];
    const isNew = deployment.kind === 'deploy' && base?.hashes[name] !== release.hashes[name];
    return isNew || service.run === 'always' ? [name] : [];
  });
}

/** Whether the step is to come or under way: no wave has begun. */
export function isBeforeFirstWave(draft: RolloutDraft): boolean {
  const { once, wave } = draft.deployment;
  if (wave >= 0) return false;
  return once === null ? onceServices(draft.facts.rollout).length > 0 : once.state !== 'passed';
}

/** Takes the host's answer; a failure ends the deployment. Also while it is paused. */
export function takeOnceAnswer(draft: RolloutDraft): void {
  const { once } = draft.deployment;
  if (once?.state !== 'running') return;
  const fact = draft.fact(once.host);
  if (fact === null) {
    const { app, release } = draft.deployment;
    const text = `deploy ${app} release ${release}: host ${once.host} was removed while it ran ${listed(once)}`;
    endOnce(draft, once, problem('HOST_REMOVED', text));
    return;
  }
  const answer = stepAnswer(asHostStep(once), fact, draft.deployment);
  if (answer.kind === 'passed') {
    draft.update({ once: { ...once, state: 'passed', changedAt: draft.now } });
    draft.event('deployment.once-passed', `${listed(once)} completed on ${fact.name}; the first wave begins`, {
      host: once.host,
    });
  } else if (answer.kind === 'failed') {
    condemn(draft, once, answer.problem);
    endOnce(draft, once, answer.problem);
  }
}

/** Starts the step on a host that talks; without one, whoever connects next. */
export function beginOnce(draft: RolloutDraft): void {
  if (draft.deployment.once !== null) return;
  const services = onceServices(draft.facts.rollout);
  const host = chooseHost(draft, services);
  if (host === null) return;
  const { app, id, release, kind } = draft.deployment;
  const before = draft.target(host);
  const attempt = draft.nextAttempt(host);
  draft.writeTarget({
    kind: 'run',
    host,
    app,
    release,
    deployment: id,
    attempt,
    rollback: kind === 'rollback',
    replicas: draft.facts.rollout.placement[host] ?? {},
    onlyOnce: true,
  });
  const once: OnceStep = {
    host,
    services,
    attempt,
    state: 'running',
    before: before?.kind === 'run' ? { release: before.release, replicas: before.replicas } : null,
    changedAt: draft.now,
  };
  draft.update({ once });
  draft.event(
    'deployment.once-started',
    `${listed(once)} runs once, on ${draft.hostName(host)}, before the first wave`,
    {
      host,
    },
  );
}

/** Past the deadline, where the step is what is left. */
export function expireOnce(draft: RolloutDraft): void {
  const { app, release, once } = draft.deployment;
  const services = once?.services ?? onceServices(draft.facts.rollout);
  const why = once === null ? 'no connected host could run it' : stateOfHost(draft, once.host);
  const text = `deploy ${app} release ${release}: ${services.join(', ')} did not complete by the deadline; ${why}`;
  endOnce(draft, once, problem('TIMEOUT', text));
}

function stateOfHost(draft: RolloutDraft, host: HostId): string {
  const fact = draft.fact(host);
  return fact?.offlineSince === null
    ? `${fact.name}: ${fact.report?.waiting ?? 'no answer yet'}`
    : `${draft.hostName(host)}, which ran it, is not connected`;
}

/**
 * A deployment that does not go forward any more leaves no host at its step: it goes back to what it ran, so that it
 * is as if the deployment had not begun there.
 */
export function leaveOnce(draft: RolloutDraft): void {
  const { once, state, app, id } = draft.deployment;
  if (once === null || state === 'queued' || state === 'rolling' || state === 'paused') return;
  const target = draft.target(once.host);
  if (target?.kind !== 'run' || target.deployment !== id || target.onlyOnce !== true) return;
  if (draft.fact(once.host) === null) return;
  const { host, before } = once;
  if (before === null) {
    draft.writeTarget({ kind: 'remove', host, app, volumes: false });
    return;
  }
  const attempt = draft.nextAttempt(host);
  draft.writeTarget({ kind: 'run', host, app, deployment: id, attempt, rollback: true, ...before });
}

/**
 * Where the step began, a schedule brings none of the release again by itself: neither the same step once more, nor the
 * app's new image with the previous migration.
 */
function endOnce(draft: RolloutDraft, once: OnceStep | null, reason: Problem): void {
  const { app, release } = draft.deployment;
  if (once !== null) {
    draft.update({ once: { ...once, state: 'failed', changedAt: draft.now } });
    const why = `release ${release} failed before its first wave: ${reason.message}`;
    draft.condemn(digestsToHold(draft.facts.rollout, why, draft.now));
  }
  draft.end(
    'failed',
    reason,
    `Deployment of ${app} release ${release} failed before its first wave, nothing moved: ${reason.message}`,
  );
}

function condemn(draft: RolloutDraft, once: OnceStep, reason: Problem): void {
  const failed: HostStep = { ...asHostStep(once), state: 'failed', problem: reason };
  draft.condemn(digestsToQuarantine(draft.facts.rollout, [failed], draft.facts.hosts, draft.now));
}

/** The first of the waves' order that may get something new, talks, and is to run all of them. */
function chooseHost(draft: RolloutDraft, services: readonly string[]): HostId | null {
  const found = draft.steps().find(({ host }) => {
    const fact = draft.fact(host);
    const replicas = draft.facts.rollout.placement[host] ?? {};
    const isThere = fact?.availability === 'active' && fact.offlineSince === null;
    return isThere && services.every((service) => (replicas[service] ?? 0) > 0);
  });
  return found?.host ?? null;
}

function asHostStep({ host, attempt, before, changedAt }: OnceStep): HostStep {
  return { host, wave: 0, state: 'moving', from: before?.release ?? null, attempt, problem: null, changedAt };
}

const listed = ({ services }: Pick<OnceStep, 'services'>): string => services.join(', ');
