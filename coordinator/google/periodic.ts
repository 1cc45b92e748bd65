/**
 * Work that is done at the start and then again after each pause, never twice at once, until it is stopped. Its failure
 * is told and the next turn comes as if nothing had been.
 */
export interface PeriodicOptions {
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
    this.#running = this.#turn();
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
    this.#timer = setTimeout(() => {
      this.#running = this.#turn();
    }, everyMs);
  }
}
