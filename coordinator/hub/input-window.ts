/**
 * Credit for what we send into a stream: strict, because an agent cuts off who sends more than its window. Taking waits
 * until there is room for all of it. One taker at a time.
 */
import { STREAM_WINDOW_BYTES } from '../../protocol/version.ts';

export class InputWindow {
  #free = STREAM_WINDOW_BYTES;
  #ended = false;
  #wake: () => void = () => undefined;

  /** @returns false where the stream ended while it waited */
  async take(bytes: number): Promise<boolean> {
    while (this.#free < bytes && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#ended) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free = Math.min(STREAM_WINDOW_BYTES, this.#free + bytes);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }
}
