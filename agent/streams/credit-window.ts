/**
 * Bytes that a stream's sender may have under way. Taking waits until there is room; the reader's credit makes room.
 * One taker at a time, which is what one stream's sender is.
 */
import { STREAM_WINDOW_BYTES } from '../../protocol/version.ts';

export class CreditWindow {
  #free = STREAM_WINDOW_BYTES;
  #wake: (() => void) | null = null;

  /** Resolves at once when aborted; the caller looks at its signal. @param bytes at most the window */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    while (this.#free < bytes && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', go);
          this.#wake = null;
          resolve();
        };
        this.#wake = go;
        signal.addEventListener('abort', go, { once: true });
      });
    }
    this.#free -= bytes;
  }

  /** Never grows beyond the window: a reader cannot ask for more than was agreed. */
  give(bytes: number): void {
    this.#free = Math.min(STREAM_WINDOW_BYTES, this.#free + bytes);
    this.#wake?.();
  }
}
