/**
 * Slows down guessing: so many refused credentials a minute from one address are answered as what they are, further
 * ones with RATE_LIMITED. Accepted calls never count. Bounded: past the limit of addresses the oldest is forgotten.
 */
import { LongshoreError } from '../../fleet/errors.ts';

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

  /**
   * A credential from this address was refused. A good one is never held up, whoever else is behind the address.
   * @returns what to answer: the refusal itself, or RATE_LIMITED once there were too many
   */
  refused(address: string, refusal: LongshoreError): LongshoreError {
    const left = this.#left(address);
    if (left < 1) {
      const waitMs = Math.ceil(((1 - left) * 60_000) / this.#options.perMinute);
      return new LongshoreError('RATE_LIMITED', `too many refused credentials from ${address}`, {
        retryAfterMs: waitMs,
      });
    }
    this.#buckets.delete(address);
    this.#buckets.set(address, { left: left - 1, atMs: this.#options.monotonicMs() });
    if (this.#buckets.size > ADDRESSES) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    return refusal;
  }

  #left(address: string): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return this.#options.perMinute;
    const back = ((this.#options.monotonicMs() - bucket.atMs) / 60_000) * this.#options.perMinute;
    return Math.min(this.#options.perMinute, bucket.left + back);
  }
}
