/**
 * Whether a tick is a question of its own or one that was answered already. Pure. Agents ask with their splay, so the
 * ticks of one scheduled moment come over minutes; their clocks differ, so the coordinator's own counts. Ticks of a host
 * whose clock is far off are of the moment in which they come.
 */

/** Ticks closer than this to the last look are of the same moment; no schedule is finer than a minute. */
export const SAME_MOMENT_MS = 50_000;
/** An agent may wait this long after its tick (splay); what is further away from now is a wrong clock. */
const BELIEVED_MS = 65 * 60_000;

export interface DueFacts {
  /** What the agent's clock said the moment was. */
  readonly scheduledAt: number;
  readonly now: number;
  /** When this app was last looked at; null = not since the start. */
  readonly checkedAt: number | null;
}

export function dueDecision({ scheduledAt, now, checkedAt }: DueFacts): 'check' | 'answered' {
  if (checkedAt === null) return 'check';
  if (now - checkedAt < SAME_MOMENT_MS) return 'answered';
  const moment = now - scheduledAt <= BELIEVED_MS ? Math.min(scheduledAt, now) : now;
  // Looked at after the moment in question: the answer holds for whoever asks of it now.
  return checkedAt >= moment ? 'answered' : 'check';
}
