/**
 * How fast an agent may speak: a bucket of frames that fills with time. Who empties it is not cut off but read more
 * slowly. Stream data is bounded by its own credit and does not count. Pure: time is an argument.
 */
export const FRAMES_A_SECOND = 50;
/** A full report after a welcome and the answers to a wave of assignments come at once. */
export const FRAMES_AT_ONCE = 500;

export class FrameBudget {
  #left = FRAMES_AT_ONCE;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes one frame. @returns ms for which nothing more should be read; 0 = go on */
  take(now: number): number {
    const gained = (Math.max(0, now - this.#at) * FRAMES_A_SECOND) / 1000;
    this.#left = Math.min(FRAMES_AT_ONCE, this.#left + gained) - 1;
    this.#at = now;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / FRAMES_A_SECOND);
  }
}
