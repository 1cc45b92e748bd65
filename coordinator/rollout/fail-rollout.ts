/**
 * What a failed gate or a passed deadline leads to: back to the last succeeded release, a pause for a person, or an
 * end in place. The digests at fault are put in quarantine here, once.
 */
import type { Problem } from '../../fleet/errors.ts';
import type { Cause } from '../../fleet/release.ts';
import { digestsToHold, digestsToQuarantine } from './quarantine.ts';
import type { RolloutDraft } from './rollout-draft.ts';

/** A pause that nobody ends is ended after it: nothing stays under way for ever. */
export const PAUSE_LIMIT_MS = 24 * 3_600_000;
/** Going back takes images from the disk; still, a host may have to pull its last good one again. */
export const BACK_AT_LEAST_MS = 10 * 60_000;

export function failRollout(draft: RolloutDraft, reason: Problem): void {
  condemnFailed(draft);
  const { app, release } = draft.deployment;
  switch (draft.policy.failureAction) {
    case 'rollback':
      startBack(draft, reason);
      return;
    case 'pause':
      draft.advance('paused', { problem: reason, deadlineAt: draft.now + PAUSE_LIMIT_MS });
      draft.event('deployment.paused', `Deployment of ${app} release ${release} stopped: ${reason.message}`);
      return;
    case 'continue':
      draft.end('failed', reason, `Deployment of ${app} release ${release} failed: ${reason.message}`);
      return;
  }
}

/** From here on only hosts that moved are touched. Where there is nothing to go back to, it ends `failed`. */
export function startBack(draft: RolloutDraft, reason: Problem, cause?: Cause): void {
  const { app, release, base } = draft.deployment;
  if (base === null || base === release || draft.facts.goal === null) {
    const why = base === release ? 'it is the release to go back to' : 'there is no succeeded release to go back to';
    draft.end('failed', reason, `Deployment of ${app} release ${release} failed, and ${why}: ${reason.message}`, cause);
    return;
  }
  draft.advance('rolling_back', {
    problem: reason,
    settledAt: null,
    deadlineAt: draft.now + Math.max(BACK_AT_LEAST_MS, draft.policy.deadlineMs),
  });
  draft.condemn(digestsToHold(draft.facts.rollout, `release ${release} went back: ${reason.message}`, draft.now));
  const text = `Deployment of ${app} release ${release} goes back to release ${base}: ${reason.message}`;
  draft.event('deployment.rolling-back', text, cause === undefined ? {} : { cause });
}

/** Also where the deployment goes on over the others: no schedule brings again what failed. */
export function condemnFailed(draft: RolloutDraft): void {
  const failed = draft.steps().filter((step) => step.state === 'failed');
  draft.condemn(digestsToQuarantine(draft.facts.rollout, failed, draft.facts.hosts, draft.now));
}
