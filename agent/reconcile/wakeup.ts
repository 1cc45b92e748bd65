/** A bell: `wait` ends when it was rung since `clear`, or when the time is over, or the signal aborts. */
import type { Clock } from '../clock.ts';
import { withEitherSignal } from '../../fleet/with-either-signal.ts';

export class Wakeup {
  readonly #clock: Clock;
  #isRung = false;
  #waiting: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isRung = true;
    this.#waiting?.abort();
  }

  clear(): void {
    this.#isRung = false;
  }

  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isRung || signal.aborted) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    await withEitherSignal(signal, waiting.signal, (either) => this.#clock.sleep(timeoutMs, either));
    this.#waiting = null;
  }
}
