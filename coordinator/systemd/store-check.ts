/**
 * Whether the store answers at all, for the watchdog: each look starts a question, unless one is under way. A refusal is an
 * answer, and a database that is known to be away is not ours to restart for; only silence is a fault.
 */
import type { WorkHealth } from '../../daemon/watchdog.ts';

/** Far more than the longest transaction takes. */
export const SILENCE_LIMIT_MS = 2 * 60_000;

export interface StoreCheckOptions {
  /** A question that costs next to nothing. */
  readonly ask: () => Promise<unknown>;
  /** Why the store cannot be used at the moment; null: it can. */
  readonly obstacle: () => string | null;
  readonly monotonicMs: () => number;
}

export class StoreCheck {
  readonly #options: StoreCheckOptions;
  #askedAtMs: number | null = null;

  constructor(options: StoreCheckOptions) {
    this.#options = options;
  }

  look(): WorkHealth {
    const { ask, obstacle, monotonicMs } = this.#options;
    if (this.#askedAtMs === null) {
      this.#askedAtMs = monotonicMs();
      const answered = (): void => {
        this.#askedAtMs = null;
      };
      ask().then(answered, answered);
    }
    const silentMs = monotonicMs() - this.#askedAtMs;
    return silentMs <= SILENCE_LIMIT_MS || obstacle() !== null
      ? { healthy: true }
      : { healthy: false, reason: `the store has not answered for ${Math.round(silentMs / 1000)} s` };
  }
}
