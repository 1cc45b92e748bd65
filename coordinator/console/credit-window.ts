/** Bytes that may be under way before the other side has said that it took them. Waiting ends at abort. */
export class CreditWindow {
  readonly #bytes: number;
  #left: number;
  #waiting: (() => void)[] = [];
  readonly #signal: AbortSignal;

  constructor(bytes: number, signal: AbortSignal) {
    this.#bytes = bytes;
    this.#left = bytes;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Resolves when there is room; a chunk larger than the whole window goes when the window is not exhausted. */
  async take(bytes: number): Promise<void> {
    while (this.#left <= 0) {
      this.#signal.throwIfAborted();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#signal.throwIfAborted();
    this.#left -= bytes;
  }

  /** Never grows beyond the window: a reader cannot make us keep more for it than was agreed. */
  give(bytes: number): void {
    this.#left = Math.min(this.#bytes, this.#left + bytes);
    if (this.#left > 0) this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
