/**
 * Nonces of enrolments by identity, each for one key, for two minutes, once. A nonce carries its own end and proof, so
 * whoever asks for a million costs no memory; only those that enrolled are remembered, until their end. They mean
 * nothing after a restart: the agent then asks for another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';

export const CHALLENGE_MS = 2 * 60_000;
const RANDOM_BYTES = 16;
const TIME_BYTES = 6;

export interface EnrollChallengesOptions {
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
}

export class EnrollChallenges {
  readonly #options: EnrollChallengesOptions;
  readonly #secret: Buffer;
  /** Those that enrolled somebody, with their end. */
  readonly #taken = new Map<string, number>();

  constructor(options: EnrollChallengesOptions) {
    this.#options = options;
    this.#secret = options.randomBytes(32);
  }

  make(publicKey: string): { readonly nonce: string; readonly expiresInMs: number } {
    const content = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
    this.#options.randomBytes(RANDOM_BYTES).copy(content);
    content.writeUIntBE(this.#options.now() + CHALLENGE_MS, RANDOM_BYTES, TIME_BYTES);
    return { nonce: `${content.toString('base64url')}.${this.#proof(content, publicKey)}`, expiresInMs: CHALLENGE_MS };
  }

  /** That the nonce is ours, for this key, not too old and not taken. @throws CHALLENGE_EXPIRED */
  check(nonce: string, publicKey: string): void {
    const [text = '', proof = ''] = nonce.split('.');
    const content = Buffer.from(text, 'base64url');
    const [given, right] = [Buffer.from(proof, 'utf8'), Buffer.from(this.#proof(content, publicKey), 'utf8')];
    const isOurs =
      content.length === RANDOM_BYTES + TIME_BYTES &&
      nonce === `${content.toString('base64url')}.${proof}` &&
      given.length === right.length &&
      timingSafeEqual(given, right);
    if (!isOurs) throw expired('it is not for this key, or was made before the coordinator started');
    if (content.readUIntBE(RANDOM_BYTES, TIME_BYTES) <= this.#options.now()) throw expired('it is too old');
    if (this.#taken.has(nonce)) throw expired('it was used');
  }

  /** Takes it: from now on it serves nobody. In one turn with `check`, so that of two at once one fails. */
  take(nonce: string, publicKey: string): void {
    this.check(nonce, publicKey);
    const now = this.#options.now();
    for (const [old, end] of this.#taken) if (end <= now) this.#taken.delete(old);
    this.#taken.set(nonce, now + CHALLENGE_MS);
  }

  #proof(content: Buffer, publicKey: string): string {
    return createHmac('sha256', this.#secret).update(content).update(publicKey, 'utf8').digest('base64url');
  }
}

function expired(reason: string): LongshoreError {
  return new LongshoreError('CHALLENGE_EXPIRED', `enrol by identity token: the nonce does not count: ${reason}`);
}
