/**
 * Setting targets: forward to the deployment's release, or back to the last succeeded one. A host that was removed, or
 * that may get nothing new (cordoned, draining), is left as it is and stands outside of the ratio; a host that is
 * merely silent gets its target all the same and catches up.
 */
import type { HostStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { AVAILABILITY_WORDS } from '../../protocol/text/availability.ts';
import type { Target } from '../store/records.ts';
import type { RolloutDraft } from './rollout-draft.ts';

/** Sets the target of a step that waits, or of one that failed and is tried again; afterwards it moves, or is out. */
export function beginForward(draft: RolloutDraft, step: HostStep): void {
  const fact = draft.fact(step.host);
  const { deployment } = draft;
  if (fact === null) {
    out(draft, step, `host ${step.host} was removed`);
    return;
  }
  if (fact.availability !== 'active') {
    out(draft, step, `host ${fact.name} is ${AVAILABILITY_WORDS[fact.availability]} and gets nothing new`);
    return;
  }
  const before = draft.target(step.host);
  const attempt = draft.nextAttempt(step.host);
  draft.writeTarget({
    kind: 'run',
    host: step.host,
    app: deployment.app,
    release: deployment.release,
    deployment: deployment.id,
    attempt,
    rollback: deployment.kind === 'rollback',
    replicas: draft.facts.rollout.placement[step.host] ?? {},
    ...(deployment.restarts === undefined ? {} : { replace: deployment.restarts }),
  });
  // At a further attempt the target is already this deployment's own.
  const from = hasMoved(step) ? step.from : releaseBefore(draft, before);
  draft.setStep({ ...step, state: 'moving', attempt, from, problem: null });
}

/** What ran once on the host changed nothing there. */
function releaseBefore(draft: RolloutDraft, target: Target | null): number | null {
  if (target?.kind !== 'run') return null;
  const { once } = draft.deployment;
  return target.onlyOnce === true && once?.host === target.host ? (once.before?.release ?? null) : target.release;
}

/** Sets the target of a step that has moved back to the base release; where the base does not run there, the app goes. */
export function beginBack(draft: RolloutDraft, step: HostStep): void {
  const { app, id, base } = draft.deployment;
  const replicas = draft.facts.goal?.[step.host] ?? null;
  if (draft.fact(step.host) === null) return;
  if (base === null) throw new Error(`deployment ${id} has no release to go back to`);
  if (replicas === null) {
    draft.writeTarget({ kind: 'remove', host: step.host, app, volumes: false });
    draft.setStep({ ...step, state: 'returning' });
    return;
  }
  const attempt = draft.nextAttempt(step.host);
  draft.writeTarget({
    kind: 'run',
    host: step.host,
    app,
    release: base,
    deployment: id,
    attempt,
    rollback: true,
    replicas,
  });
  draft.setStep({ ...step, state: 'returning', attempt });
}

/** Whether this deployment ever set a target on the host. */
export function hasMoved(step: HostStep): boolean {
  return step.attempt > 0;
}

/** Whether the host's target still leads to the deployment's release. */
export function leadsForward(draft: RolloutDraft, host: HostId): boolean {
  const { id, release } = draft.deployment;
  const target = draft.target(host);
  return target?.kind === 'run' && target.deployment === id && target.release === release;
}

/** Whether the host's target is the attempt of this step to go back. */
export function leadsBack(draft: RolloutDraft, step: HostStep): boolean {
  const { id, base } = draft.deployment;
  const target = draft.target(step.host);
  if (target?.kind !== 'run') return false;
  return target.deployment === id && target.release === base && target.attempt === step.attempt;
}

function out(draft: RolloutDraft, step: HostStep, text: string): void {
  const reason = problem(
    'HOST_OFFLINE',
    `deploy ${draft.deployment.app} release ${draft.deployment.release}: ${text}`,
    {
      hint: 'It gets the release when it is active again.',
    },
  );
  draft.setStep({ ...step, state: 'offline', problem: reason });
}
