/**
 * When something happened that a host tells, by the host's own clock. A clock that is far off says nothing: a machine
 * without a battery boots in 1970, and nothing happens in the future. Pure.
 */
const OLDEST_MS = 30 * 24 * 3_600_000;
/** Clocks of machines in order differ by less. */
const SKEW_MS = 60_000;

/** @returns null where the host's clock cannot be believed; never after `now` */
export function occurredAt(saidAt: number, now: number): number | null {
  if (saidAt < now - OLDEST_MS || saidAt > now + SKEW_MS) return null;
  return Math.min(saidAt, now);
}
