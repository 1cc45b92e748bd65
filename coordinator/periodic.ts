/**
 * Work that is done at the start, or a while after it, and then again after each pause, never twice at once, until it is stopped. Its failure
 * is told and the next turn comes as if nothing had been.
 */
export interface PeriodicOptions {
  /** Before the first turn; absent: none. */
  readonly firstMs?: number;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

export class Periodic {
  readonly #options: PeriodicOptions;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: PeriodicOptions) {
    this.#options = options;
  }

  start(): void {
    const { firstMs } = this.#options;
    if (firstMs === undefined) this.#running = this.#turn();
    else this.#later(firstMs);
  }

  /** Resolves when the turn under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #turn(): Promise<void> {
    const { work, everyMs, onFault } = this.#options;
    try {
      await work();
    } catch (error) {
      if (!this.#stopped) onFault(error);
    }
    if (this.#stopped) return;
    this.#later(everyMs);
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#turn();
    }, ms);
  }
}
