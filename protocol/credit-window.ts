/**
 * Bytes of one stream that may be under way before its reader has said that it took them: what whoever sends keeps to,
 * on every hop alike. Strict: who takes waits until there is room for all of it, because a reader cuts off who sends
 * more than the window. Several may wait; they go in their order.
 */
import { STREAM_WINDOW_BYTES } from './version.ts';

interface Waiting {
  readonly bytes: number;
  readonly settle: (mayGo: boolean) => void;
}

export class CreditWindow {
  readonly #most: number;
  readonly #signal: AbortSignal;
  #free: number;
  #waiting: readonly Waiting[] = [];

  /** @param signal the stream ends: nobody waits any more */
  constructor(signal: AbortSignal, most: number = STREAM_WINDOW_BYTES) {
    this.#signal = signal;
    this.#most = this.#free = most;
    signal.addEventListener('abort', () => this.#end(), { once: true });
  }

  /** What is larger than the whole window goes when all of it is free. @returns false where the stream ended */
  async take(bytes: number): Promise<boolean> {
    if (this.#signal.aborted) return false;
    return new Promise((settle) => {
      this.#waiting = [...this.#waiting, { bytes, settle }];
      this.#go();
    });
  }

  /** Never grows beyond the window: a reader cannot make us keep more for it than was agreed. */
  give(bytes: number): void {
    this.#free = Math.min(this.#most, this.#free + bytes);
    this.#go();
  }

  #go(): void {
    for (;;) {
      const [first, ...rest] = this.#waiting;
      if (first === undefined || this.#free < Math.min(first.bytes, this.#most)) return;
      this.#free -= first.bytes;
      this.#waiting = rest;
      first.settle(true);
    }
  }

  #end(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { settle } of waiting) settle(false);
  }
}
