/**
 * Requests that create something and name an `Idempotency-Key`: the same one again, from the same token, is not done
 * twice and gets the same answer. Answers are kept encrypted, since some hold a token, and for a day. What was refused is
 * not kept, so that it can be sent again; at most one of a key is under way.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../fleet/canonical-json.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Vault } from '../secrets/vault.ts';
import type { RequestStore } from '../store/store.ts';

export const KEPT_MS = 24 * 3_600_000;
const MOST_OF_AN_ACTOR = 1_000;
/** What made a longer answer can be asked for under the id that follows from the key. */
const LONGEST_ANSWER_BYTES = 256 * 1024;

export interface RememberedRequestsOptions {
  readonly store: RequestStore;
  readonly vault: Vault;
  /** Wall clock, ms. */
  readonly now: () => number;
}

export interface KeyedRequest {
  /** Id of the token that sent it. */
  readonly actor: string;
  readonly key: string;
  /** All that says what was asked for. */
  readonly content: unknown;
}

export class RememberedRequests {
  readonly #options: RememberedRequestsOptions;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: RememberedRequestsOptions) {
    this.#options = options;
  }

  /** @throws REQUEST_DIFFERS, and what `work` throws */
  async once(
    request: KeyedRequest,
    work: () => Promise<unknown>,
  ): Promise<{ readonly answer: unknown; readonly isRepeated: boolean }> {
    const id = purposeOf(request);
    for (let other = this.#underWay.get(id); other !== undefined; other = this.#underWay.get(id))
      await other.catch(() => undefined);
    const run = this.#run(request, work);
    this.#underWay.set(id, run);
    try {
      return await run;
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #run(
    request: KeyedRequest,
    work: () => Promise<unknown>,
  ): Promise<{ readonly answer: unknown; readonly isRepeated: boolean }> {
    const { store, vault, now } = this.#options;
    const { actor, key, content } = request;
    const hash = createHash('sha256').update(canonicalJson(content)).digest('hex');
    const at = now();
    const begun = await store.beginRequest({ actor, key, hash, at, until: at + KEPT_MS, most: MOST_OF_AN_ACTOR });
    switch (begun.kind) {
      case 'differs':
        throw new LongshoreError('REQUEST_DIFFERS', 'the Idempotency-Key was sent before with another request');
      case 'answered': {
        const text = this.#open(request, begun.ciphertext);
        if (text !== null) return { answer: JSON.parse(text) as unknown, isRepeated: true };
        break;
      }
      case 'begun':
        break;
    }
    let answer: unknown;
    try {
      answer = await work();
    } catch (error) {
      await store.forgetRequest({ actor, key }).catch(() => undefined);
      throw error;
    }
    const text = Buffer.from(JSON.stringify(answer), 'utf8');
    if (text.length <= LONGEST_ANSWER_BYTES)
      await store.answerRequest({ actor, key, ciphertext: vault.encrypt(purposeOf(request), text) });
    return { answer, isRepeated: false };
  }

  /** Null where the key of the secrets is another one since. */
  #open(request: KeyedRequest, ciphertext: Uint8Array): string | null {
    return this.#options.vault.decrypt(purposeOf(request), ciphertext)?.toString('utf8') ?? null;
  }
}

const purposeOf = ({ actor, key }: Pick<KeyedRequest, 'actor' | 'key'>): string => `request\n${actor}\n${key}`;

/** @returns null where none was sent. @throws INPUT_INVALID */
export function idempotencyKey(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw new LongshoreError('INPUT_INVALID', 'the header Idempotency-Key is invalid', {
    hint: 'Send 1 to 255 visible ASCII characters: a UUID, made anew for each thing to create.',
  });
}

/** The same key of the same token names the same thing, also after a restart: 16 hexadecimal digits. */
export function idOfRequest({ actor, key }: Pick<KeyedRequest, 'actor' | 'key'>): string {
  return createHash('sha256').update(purposeOf({ actor, key })).digest('hex').slice(0, 16);
}
