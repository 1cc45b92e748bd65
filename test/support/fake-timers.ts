/** Timers of rollouts that a test moves: nothing fires before `advance` reaches it, and then in order. */
import type { Timers } from '../../coordinator/rollout/timers.ts';

interface Waiting {
  readonly at: number;
  readonly fire: () => void;
}

export class FakeTimers implements Timers {
  #now = 0;
  /** What one look at the clock costs: a machine on which deciding takes long. */
  costMs = 0;
  #waiting: readonly Waiting[] = [];

  readonly monotonicMs = (): number => (this.#now += this.costMs);

  readonly after = (ms: number, fire: () => void): (() => void) => {
    const waiting: Waiting = { at: this.#now + Math.max(0, ms), fire };
    this.#waiting = [...this.#waiting, waiting];
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
    };
  };

  /** When the next timer fires; null = none is set. */
  get nextAt(): number | null {
    return this.#waiting.length === 0 ? null : Math.min(...this.#waiting.map((each) => each.at));
  }

  /** Fires what is due until then. What a timer leads to gets its turn in `settle` before the next one fires. */
  async advanceTo(until: number, settle: () => Promise<void>): Promise<void> {
    for (;;) {
      const next = this.#waiting
        .filter((each) => each.at <= until)
        .reduce<Waiting | null>((first, each) => (first === null || each.at < first.at ? each : first), null);
      if (next === null) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settle();
    }
    this.#now = Math.max(this.#now, until);
  }
}
