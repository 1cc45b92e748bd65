/**
 * The maintenance window of a deployment that nobody asked for by hand (a schedule or a host's proposal brought it):
 * outside of it no wave begins, neither the first nor a later one. What has begun goes on, and going back never waits.
 * While it is held the deployment has no deadline; each time it goes on it gets the whole time again. Pure.
 */
import { isHeldForWindow } from '../../fleet/deployment.ts';
import { windowAt } from '../../fleet/maintenance-window.ts';
import type { RolloutDraft } from './rollout-draft.ts';

/** A window that is never reached is looked at again, should the zone's rules change. */
const LOOK_AGAIN_MS = 24 * 3_600_000;

/** Whether nothing new may begin now; the deployment is looked at again when its window opens. */
export function isOutsideWindow(draft: RolloutDraft): boolean {
  const { cause, byHand } = draft.deployment;
  const { schedule } = draft.facts.rollout.release.spec;
  if (cause.kind === 'person' || byHand || schedule?.window == null) return false;
  const { open, opensAt } = windowAt(schedule.window, schedule.timeZone, draft.now);
  if (open) return false;
  draft.wake(opensAt ?? draft.now + LOOK_AGAIN_MS);
  return true;
}

/** @param what waits, for the event: `Wave 2 of 3` */
export function holdOutsideWindow(draft: RolloutDraft, what: string): boolean {
  if (!isOutsideWindow(draft)) return false;
  if (draft.deployment.deadlineAt !== null) {
    draft.update({ deadlineAt: null });
    draft.event('deployment.held', `${what} waits for the maintenance window`);
  }
  return true;
}

/** Something begins, or answers are waited for: a deployment that was held has a deadline again. */
export function endHold(draft: RolloutDraft): void {
  if (isHeldForWindow(draft.deployment)) draft.update({ deadlineAt: draft.now + draft.policy.deadlineMs });
}
