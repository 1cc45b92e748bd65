/**
 * A clock that a test moves. Whoever sleeps wakes when `advance` passes his time, in order, and gets the turns of the
 * event loop that his work needs before the next one wakes.
 */
import type { Clock, Instant } from '../../agent/clock.ts';

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #monotonicMs = 0;
  readonly #wallAtStartMs: number;
  #sleepers: Sleeper[] = [];

  constructor(wallAtStartMs = Date.UTC(2026, 0, 1)) {
    this.#wallAtStartMs = wallAtStartMs;
  }

  /** How many sleep now. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#wallAtStartMs + this.#monotonicMs };
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const sleeper: Sleeper = {
        wakeAtMs: this.#monotonicMs + ms,
        wake: () => {
          signal.removeEventListener('abort', sleeper.wake);
          this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
          resolve();
        },
      };
      signal.addEventListener('abort', sleeper.wake, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    const until = this.#monotonicMs + ms;
    for (;;) {
      await turn();
      const next = this.#sleepers.reduce<Sleeper | null>(
        (first, each) => (each.wakeAtMs <= until && (first === null || each.wakeAtMs < first.wakeAtMs) ? each : first),
        null,
      );
      if (next === null) break;
      this.#monotonicMs = Math.max(this.#monotonicMs, next.wakeAtMs);
      next.wake();
    }
    this.#monotonicMs = until;
    await turn();
  }
}

/** Lets promises and what they scheduled run. */
async function turn(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
