/**
 * How many events of one host are written: a bucket that fills with time. What comes above is counted and reported in one
 * event once in a while. At the most that an event may hold, this is 35 MB a day instead of 17 GB. Pure.
 */
export const EVENTS_A_MINUTE = 6;
/** A host whose apps all change at once, or that comes back after a day alone. */
export const EVENTS_AT_ONCE = 200;
/** So that the first number says more than one. */
const FIRST_TOLD_MS = 60_000;
const TOLD_AGAIN_MS = 10 * 60_000;

export interface DroppedEvents {
  readonly count: number;
  readonly since: number;
}

export class EventBudget {
  #left = EVENTS_AT_ONCE;
  #at: number;
  #dropped: DroppedEvents | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(now: number) {
    this.#at = now;
  }

  /** @returns false where it is too many: it is counted then */
  take(now: number): boolean {
    const gained = (Math.max(0, now - this.#at) * EVENTS_A_MINUTE) / 60_000;
    this.#left = Math.min(EVENTS_AT_ONCE, this.#left + gained);
    this.#at = now;
    if (this.#left >= 1) {
      this.#left -= 1;
      return true;
    }
    this.#dropped = { count: (this.#dropped?.count ?? 0) + 1, since: this.#dropped?.since ?? now };
    return false;
  }

  /** What to report now; at most once in ten minutes. */
  due(now: number): DroppedEvents | null {
    const dropped = this.#dropped;
    if (dropped === null || now - dropped.since < FIRST_TOLD_MS || now - this.#toldAt < TOLD_AGAIN_MS) return null;
    return this.tell(now);
  }

  /** Not yet reported. */
  tell(now: number): DroppedEvents | null {
    const dropped = this.#dropped;
    if (dropped !== null) this.#toldAt = now;
    this.#dropped = null;
    return dropped;
  }
}
