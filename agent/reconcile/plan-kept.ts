/**
 * What an attempt leaves alone must be as well as it was when the attempt began: a release that makes one service whole
 * again must not wait for those that depend on it. Pure.
 */
import { type AttemptRecord, type InstanceRecord, serviceOfKey } from '../state/app-journal.ts';
import { type AppContext, findContainer, healthOf, isUp } from './app-context.ts';
import { isDone } from './completion.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** @returns whether nothing that stays speaks against the commit */
export function planKept(
  context: AppContext,
  builder: PlanBuilder,
  attempt: AttemptRecord,
  goal: Readonly<Record<string, InstanceRecord>>,
): boolean {
  let areGood = true;
  for (const [key, record] of Object.entries(goal)) {
    if (key in attempt.candidates || attempt.unwell.includes(record.instance)) continue;
    const container = findContainer(context, record.instance);
    if (isDone(context, attempt.entry, serviceOfKey(key), record.instance)) continue;
    if (container === undefined || !isUp(container)) {
      builder.wait(`${key}, which stays, does not run`);
      areGood = false;
    } else if (healthOf(context, record.instance)?.isUnhealthy === true) {
      builder.wait(`${key}, which stays, is not healthy: ${healthOf(context, record.instance)?.lastAnswer ?? ''}`);
      areGood = false;
    }
  }
  return areGood;
}
