/**
 * How often something may happen for one address: a bucket each that fills with time. Bounded: past the limit of
 * addresses the oldest is forgotten. Whoever has one IPv6 address has all of its /64.
 */
const ADDRESSES = 10_000;

export interface AddressRateOptions {
  /** Also how many at once, after a pause. */
  readonly perMinute: number;
  readonly monotonicMs: () => number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

export class AddressRate {
  readonly #options: AddressRateOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AddressRateOptions) {
    this.#options = options;
  }

  /** @returns ms until the next one is free; 0 = now */
  waitMs(address: string): number {
    const left = this.#left(networkOf(address));
    return left >= 1 ? 0 : Math.ceil(((1 - left) * 60_000) / this.#options.perMinute);
  }

  /** Takes one. @returns ms to wait where there was none, and nothing was taken */
  take(address: string): number {
    const waitMs = this.waitMs(address);
    if (waitMs > 0) return waitMs;
    const network = networkOf(address);
    const left = this.#left(network) - 1;
    this.#buckets.delete(network);
    this.#buckets.set(network, { left, atMs: this.#options.monotonicMs() });
    if (this.#buckets.size > ADDRESSES) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    return 0;
  }

  #left(network: string): number {
    const bucket = this.#buckets.get(network);
    if (bucket === undefined) return this.#options.perMinute;
    const back = ((this.#options.monotonicMs() - bucket.atMs) / 60_000) * this.#options.perMinute;
    return Math.min(this.#options.perMinute, bucket.left + back);
  }
}

/** An IPv6 address stands for its /64, anything else for itself. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::')
    ? new Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
    : [];
  return [...groups, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
