/**
 * Slows down guessing: so many refused credentials a minute from one address are answered as what they are, further
 * ones with RATE_LIMITED. Accepted calls never count.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { AddressRate, type AddressRateOptions } from './address-rate.ts';

export interface AttemptLimitOptions extends AddressRateOptions {
  readonly onRefused?: () => void;
}

export class AttemptLimit {
  readonly #rate: AddressRate;
  readonly #onRefused: () => void;

  constructor(options: AttemptLimitOptions) {
    this.#rate = new AddressRate(options);
    this.#onRefused = options.onRefused ?? (() => undefined);
  }

  /**
   * A credential from this address was refused. A good one is never held up, whoever else is behind the address.
   * @returns what to answer: the refusal itself, or RATE_LIMITED once there were too many
   */
  refused(address: string, refusal: LongshoreError): LongshoreError {
    this.#onRefused();
    const retryAfterMs = this.#rate.take(address);
    if (retryAfterMs === 0) return refusal;
    return new LongshoreError('RATE_LIMITED', `too many refused credentials from ${address}`, { retryAfterMs });
  }
}
