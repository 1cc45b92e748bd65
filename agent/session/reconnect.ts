/**
 * When to dial again after a connection has ended. Pure. The back-off starts anew only after a minute connected, so
 * that a coordinator which takes connections and drops them is not stormed.
 */
import { ERRORS, type Problem } from '../../fleet/errors.ts';
import { RECONNECT, retryDelayMs } from '../../fleet/retry.ts';
import { CLOSE } from '../../protocol/agent-messages.ts';

/** How a connection ended. */
export type ConnectionEnd =
  /** The agent drops each connection after half an hour: it spreads the load and keeps the way back in practice. */
  | { readonly kind: 'recycled' }
  /** The agent stops. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly retryAfterMs: number | null }
  | { readonly kind: 'lost'; readonly code: number; readonly problem: Problem };

export interface ReconnectPlan {
  readonly waitMs: number;
  /** Failures in a row, for the next call. */
  readonly failures: number;
}

export const SETTLED_MS = 60_000;
const REMOVED_WAIT_MS = 60 * 60_000;
/** Spread over which the connections of a fleet that were made together are dropped and made again. */
const RECYCLE_SPREAD_MS = 1_000;

/**
 * @param end how the connection ended
 * @param connectedMs time since welcome; null = it never came so far
 * @param failures before this one
 * @param random in [0, 1)
 */
export function reconnectPlan(
  end: ConnectionEnd,
  connectedMs: number | null,
  failures: number,
  random: number,
): ReconnectPlan {
  const before = connectedMs !== null && connectedMs >= SETTLED_MS ? 0 : failures;
  switch (end.kind) {
    case 'recycled':
    case 'stopped':
      return { waitMs: Math.round(random * RECYCLE_SPREAD_MS), failures: before };
    case 'refused': {
      if (end.problem.code === 'HOST_REMOVED') return removed(random, end.retryAfterMs);
      // What does not pass by itself waits for a person and is tried slowly.
      const asked = end.retryAfterMs ?? (ERRORS[end.problem.code].retryable ? 0 : RECONNECT.capMs);
      // Jitter on what was asked too: the fleet was asked with one voice.
      const waitMs = Math.max(retryDelayMs(RECONNECT, before, random), Math.round(asked * (1 + random / 5)));
      return { waitMs, failures: before + 1 };
    }
    case 'lost':
      if (isRemoval(end)) return removed(random, null);
      return { waitMs: retryDelayMs(RECONNECT, before, random), failures: before + 1 };
  }
}

/** An operator removed the host while it was connected; later it is refused by name. */
export function isRemoval(end: ConnectionEnd): boolean {
  return end.kind === 'lost' && end.code === CLOSE.removed;
}

function removed(random: number, askedMs: number | null): ReconnectPlan {
  return { waitMs: Math.round(Math.max(askedMs ?? 0, REMOVED_WAIT_MS) * (1 + random / 10)), failures: 0 };
}

/** Half an hour, and up to five minutes more. */
export function connectionLifeMs(random: number): number {
  return Math.round((30 + 5 * random) * 60_000);
}
