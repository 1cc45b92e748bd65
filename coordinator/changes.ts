/**
 * In-process publish/subscribe for consoles and the web page. A listener that throws is its own problem: the one who
 * changes something neither waits nor hears of it.
 */
import type { Change } from './commands.ts';
import type { ChangesPort } from './ports.ts';

export class Changes implements ChangesPort {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #onFault: (error: unknown) => void;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Whether anybody listens: views need not be made for nobody. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  publish(change: Change): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  subscribe(onChange: (change: Change) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    // One function may be given twice; each subscription is its own.
    const listener = (change: Change): void => onChange(change);
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }
}
