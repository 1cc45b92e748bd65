/**
 * Gathers small writes (acks, sightings, events of agents) into one call of the store at a time. While one is under way
 * the next gathers, so ten thousand acks are a few calls. What could not be written is kept and tried again.
 */
import { LongshoreError } from '../../fleet/errors.ts';

export interface BatchWriterOptions<T> {
  readonly write: (items: readonly T[]) => Promise<void>;
  readonly onFault: (error: unknown) => void;
  /** Above it the oldest go: a store that is away must not fill the memory. */
  readonly most: number;
}

const RETRY_MS = 1_000;
const AT_ONCE = 500;

export class BatchWriter<T> {
  readonly #options: BatchWriterOptions<T>;
  #waiting: T[] = [];
  #running: Promise<void> | null = null;
  #stopped = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: BatchWriterOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#waiting.length > this.#options.most) this.#waiting = this.#waiting.slice(-this.#options.most);
    this.#go();
  }

  /** Resolves when what waits is written, or was tried once more in vain. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#go();
    await this.#running;
    // What came while the last call was under way.
    this.#go();
    await this.#running;
  }

  #go(): void {
    if (this.#running !== null || this.#retry !== null || this.#waiting.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      // What was added between the last look and here.
      if (!this.#stopped) this.#go();
    });
  }

  async #run(): Promise<void> {
    // What one turn of the loop adds goes into one call.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, AT_ONCE);
      this.#waiting = this.#waiting.slice(AT_ONCE);
      try {
        await this.#options.write(batch);
      } catch (error) {
        this.#options.onFault(error);
        // What the store refuses for good would be refused for ever, and hold up the rest.
        if (error instanceof LongshoreError && !error.retryable) continue;
        this.#waiting = [...batch, ...this.#waiting];
        this.#later();
        return;
      }
    }
  }

  #later(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#go();
    }, RETRY_MS);
  }
}
