/**
 * When does every new request go by a new answer? Caddy keeps an answer for the refresh interval and asks again only
 * when a request needs it, one look-up at a time. So a name is settled as soon as its address was asked for after the
 * change, or when the last answer from before the change has run out; a name that nobody asked for lately is settled
 * at once. Pure.
 */
export interface SettleInputs {
  /** Monotonic, when the answer changed. */
  readonly changedMs: number;
  /** Monotonic, when the name was last answered before the change; null: never since the answerer began. */
  readonly answeredMs: number | null;
  readonly refreshMs: number;
}

/** An answer is on its way through two processes' schedulers before Caddy counts its age. */
export const DELIVERY_MARGIN_MS = 10;

/** @returns the monotonic time at which the name is settled even when nobody asks */
export function settledMs({ changedMs, answeredMs, refreshMs }: SettleInputs): number {
  if (answeredMs === null) return changedMs;
  return Math.max(changedMs, answeredMs + refreshMs + DELIVERY_MARGIN_MS);
}
