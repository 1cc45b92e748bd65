/**
 * Pause, resume, cancel and supersede as changes of a deployment. They need no host: they work also when every agent
 * is gone. What a state does not allow is refused with CONFLICT.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Cause } from '../../fleet/release.ts';
import { beginForward, hasMoved } from './begin-hosts.ts';
import { PAUSE_LIMIT_MS, startBack } from './fail-rollout.ts';
import { moveBack } from './move-back.ts';
import { leaveOnce } from './once-step.ts';
import { RolloutDraft } from './rollout-draft.ts';
import type { RolloutChanges, RolloutFacts } from './rollout-draft.ts';

export type Wish =
  | { readonly kind: 'pause'; readonly cause: Cause }
  | { readonly kind: 'resume'; readonly cause: Cause }
  | { readonly kind: 'cancel'; readonly rollback: boolean; readonly cause: Cause }
  | { readonly kind: 'supersede'; readonly by: string; readonly cause: Cause };

/** @throws CONFLICT */
export function applyWish(facts: RolloutFacts, wish: Wish): RolloutChanges {
  const draft = new RolloutDraft(facts);
  switch (wish.kind) {
    case 'pause':
      pause(draft, wish.cause);
      break;
    case 'resume':
      resume(draft, wish.cause);
      break;
    case 'cancel':
      cancel(draft, wish.rollback, wish.cause);
      break;
    case 'supersede':
      supersede(draft, wish.by, wish.cause);
      break;
  }
  leaveOnce(draft);
  if (!hasEnded(draft.state) && draft.deployment.deadlineAt !== null) draft.wake(draft.deployment.deadlineAt);
  return draft.changes();
}

function pause(draft: RolloutDraft, cause: Cause): void {
  if (draft.state !== 'rolling') refuse(draft, 'pause');
  draft.advance('paused', { deadlineAt: draft.now + PAUSE_LIMIT_MS });
  draft.event('deployment.paused', `Paused${noted(cause)}; hosts that have begun go on, no further one starts`, {
    cause,
  });
}

function resume(draft: RolloutDraft, cause: Cause): void {
  if (draft.state !== 'paused') refuse(draft, 'resume');
  draft.advance('rolling', {
    problem: null,
    settledAt: null,
    deadlineAt: draft.now + draft.policy.deadlineMs,
    byHand: draft.deployment.byHand || cause.kind === 'person',
  });
  // An attempt that failed is final; going on means trying those hosts again.
  for (const step of draft.steps().filter((step) => step.state === 'failed')) beginForward(draft, step);
  draft.event('deployment.resumed', `Resumed${noted(cause)}`, { cause });
}

function cancel(draft: RolloutDraft, rollback: boolean, cause: Cause): void {
  if (hasEnded(draft.state) || (draft.state === 'rolling_back' && rollback)) refuse(draft, 'cancel');
  const { app, release } = draft.deployment;
  const reason = problem(
    'DEPLOYMENT_CANCELLED',
    `deploy ${app} release ${release}: cancelled${by(cause)}${noted(cause)}`,
  );
  if (rollback && draft.state !== 'queued' && draft.steps().some(hasMoved)) {
    startBack(draft, reason, cause);
    if (draft.state === 'rolling_back') moveBack(draft);
    return;
  }
  draft.end('cancelled', reason, `Cancelled in place${noted(cause)}`, cause);
}

function supersede(draft: RolloutDraft, newer: string, cause: Cause): void {
  if (hasEnded(draft.state)) refuse(draft, 'supersede');
  const { app, release } = draft.deployment;
  const reason = problem('DEPLOYMENT_SUPERSEDED', `deploy ${app} release ${release}: ${newer} took its place`);
  draft.end('superseded', reason, `Superseded by ${newer}`, cause);
}

function refuse(draft: RolloutDraft, verb: string): never {
  throw new LongshoreError('CONFLICT', `${verb} deployment ${draft.deployment.id}: it is ${draft.state}`);
}

function by(cause: Cause): string {
  return cause.kind === 'person' ? ` by ${cause.token}` : '';
}

function noted(cause: Cause): string {
  return cause.kind === 'person' && cause.note !== null ? ` (${cause.note})` : '';
}
