/**
 * Slows down guessing: so many refused credentials a minute from one address, then RATE_LIMITED until it has waited.
 * Bounded: past the limit of addresses the oldest is forgotten. Accepted calls never count.
 */
const ADDRESSES = 10_000;

export interface AttemptLimitOptions {
  readonly perMinute: number;
  readonly monotonicMs: () => number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

export class AttemptLimit {
  readonly #options: AttemptLimitOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AttemptLimitOptions) {
    this.#options = options;
  }

  /** @returns 0 where another try is allowed, else the wait in ms */
  waitMs(address: string): number {
    const left = this.#left(address);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * 60_000) / this.#options.perMinute);
  }

  refused(address: string): void {
    const left = this.#left(address) - 1;
    this.#buckets.delete(address);
    this.#buckets.set(address, { left, atMs: this.#options.monotonicMs() });
    if (this.#buckets.size <= ADDRESSES) return;
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }

  #left(address: string): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return this.#options.perMinute;
    const back = ((this.#options.monotonicMs() - bucket.atMs) / 60_000) * this.#options.perMinute;
    return Math.min(this.#options.perMinute, bucket.left + back);
  }
}
