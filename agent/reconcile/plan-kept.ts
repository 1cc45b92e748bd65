/**
 * What an attempt leaves alone must run, and be as healthy as it was when the attempt began: a release that makes one
 * service whole again must not wait for the health of those that depend on it. Pure.
 */
import { type AttemptRecord, type InstanceRecord, serviceOfKey } from '../state/app-journal.ts';
import { type AppContext, findContainer, healthOf, isUp } from './app-context.ts';
import { isDone } from './completion.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { startProblem } from './plan-start.ts';

/** @returns whether nothing that stays speaks against the commit */
export function planKept(
  context: AppContext,
  builder: PlanBuilder,
  attempt: AttemptRecord,
  goal: Readonly<Record<string, InstanceRecord>>,
): boolean {
  let areGood = true;
  for (const [key, record] of Object.entries(goal)) {
    if (key in attempt.candidates || isDone(context, attempt.entry, serviceOfKey(key), record.instance)) continue;
    const container = findContainer(context, record.instance);
    const isExcused = attempt.unwell.includes(record.instance);
    if (container === undefined || !isUp(container)) {
      const reason = startProblem(context, record.instance);
      builder.wait(`${key}, which stays, does not run${reason === null ? '' : `: ${reason}`}`);
      areGood = false;
    } else if (!isExcused && healthOf(context, record.instance)?.isUnhealthy === true) {
      builder.wait(`${key}, which stays, is not healthy: ${healthOf(context, record.instance)?.lastAnswer ?? ''}`);
      areGood = false;
    }
  }
  return areGood;
}
