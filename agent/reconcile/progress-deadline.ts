/** What is left of an attempt's time, kept over restarts as a remainder because no clock survives a reboot. Pure. */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { AttemptRecord } from '../state/app-journal.ts';
import type { AppContext } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** The remaining budget reaches the disk so often; a crash gives back at most this much. */
const BUDGET_SAVE_MS = 15_000;

/** @returns why the attempt has failed; null = it has time left */
export function progressDeadline(context: AppContext, builder: PlanBuilder, attempt: AttemptRecord): Problem | null {
  const { app, facts, now } = context;
  const since = facts.budgetSince[app] ?? now.monotonicMs;
  const leftMs = attempt.budgetLeftMs - (now.monotonicMs - since);
  if (leftMs <= 0) {
    const obstacle = builder.waits[0]?.reason ?? 'nothing was waited for';
    return problem(
      'PROGRESS_DEADLINE',
      `${app} release ${attempt.entry.release}: not done within its progress deadline; last obstacle: ${obstacle}`,
    );
  }
  const saveAtMs = since + BUDGET_SAVE_MS;
  if (now.monotonicMs >= saveAtMs)
    builder.want({
      kind: 'save-budget',
      app,
      budgetLeftMs: Math.round(leftMs),
      retries: attempt.retries + failuresOf(builder),
    });
  builder.wakeAt(now.monotonicMs + leftMs);
  builder.wakeAt(saveAtMs);
  return null;
}

function failuresOf(builder: PlanBuilder): number {
  return builder.nextRetryAtMs === null ? 0 : 1;
}
