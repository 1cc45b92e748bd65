/**
 * Asks again when something changed, without ever asking much: one request under way, the next one begins at the
 * earliest a pause after it, and what changes meanwhile is one more request and not many.
 */
export interface PacedRequestOptions {
  readonly work: () => Promise<void>;
  /** After the first change: others come with it. */
  readonly settleMs: number;
  /** Between the end of one request and the beginning of the next. */
  readonly pauseMs: number;
  readonly later: (work: () => void, ms: number) => void;
  readonly now: () => number;
}

export class PacedRequest {
  readonly #options: PacedRequestOptions;
  #endedAt = Number.NEGATIVE_INFINITY;
  #waiting = false;
  #running = false;
  #again = false;

  constructor(options: PacedRequestOptions) {
    this.#options = options;
  }

  ask(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    if (this.#waiting) return;
    this.#waiting = true;
    const { settleMs, pauseMs, later, now } = this.#options;
    later(() => void this.#run(), Math.max(settleMs, this.#endedAt + pauseMs - now()));
  }

  async #run(): Promise<void> {
    this.#waiting = false;
    this.#running = true;
    try {
      await this.#options.work();
    } finally {
      this.#running = false;
      this.#endedAt = this.#options.now();
      if (this.#again) {
        this.#again = false;
        this.ask();
      }
    }
  }
}
