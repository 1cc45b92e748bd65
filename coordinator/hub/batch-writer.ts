/**
 * Gathers small writes (acks, sightings, events of agents) into one call of the store at a time. While one is under way
 * the next gathers, so ten thousand acks are a few calls. What could not be written is kept and tried again.
 */
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
  #running = false;
  #stopped = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: BatchWriterOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#waiting.length > this.#options.most) this.#waiting = this.#waiting.slice(-this.#options.most);
    if (!this.#running && !this.#stopped) void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  async #run(): Promise<void> {
    this.#running = true;
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#stopped) {
      const batch = this.#waiting.slice(0, AT_ONCE);
      this.#waiting = this.#waiting.slice(AT_ONCE);
      try {
        await this.#options.write(batch);
      } catch (error) {
        this.#waiting = [...batch, ...this.#waiting];
        this.#options.onFault(error);
        if (!this.#isStopped()) this.#retry = setTimeout(() => void this.#run(), RETRY_MS);
        return;
      }
    }
    this.#running = false;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}
