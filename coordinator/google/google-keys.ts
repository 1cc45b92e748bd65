/**
 * Google's public keys, by which identity tokens are verified. Kept as long as Cache-Control says. A key id that is not
 * among them may be a new one: then they are asked for again, but not more than once in a while, because anybody can
 * make up key ids.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { GoogleHttp } from './google-http.ts';

const URL_OF_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';
const UNKNOWN_AGAIN_MS = 30_000;
/** Where Cache-Control says nothing, and the most that is believed of it. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

const replySchema = z.object({
  keys: z.array(z.object({ kid: z.string(), kty: z.string(), n: z.string(), e: z.string() })),
});

interface Known {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly askedAt: number;
  readonly freshUntil: number;
}

export class GoogleKeys {
  readonly #http: GoogleHttp;
  readonly #now: () => number;
  #known: Known | null = null;
  #asking: Promise<Known> | null = null;

  constructor(http: GoogleHttp, now: () => number) {
    this.#http = http;
    this.#now = now;
  }

  /** Null where Google publishes no such key. @throws GOOGLE_UNAVAILABLE */
  async key(id: string): Promise<KeyObject | null> {
    const now = this.#now();
    let known = this.#known;
    const isStale = known === null || known.freshUntil <= now;
    const mayBeNew = known !== null && !known.keys.has(id) && now - known.askedAt >= UNKNOWN_AGAIN_MS;
    if (known === null || isStale || mayBeNew) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = null));
      known = this.#known = await this.#asking;
    }
    return known.keys.get(id) ?? null;
  }

  async #ask(): Promise<Known> {
    const failed = (reason: string, cause?: unknown): LongshoreError =>
      new LongshoreError('GOOGLE_UNAVAILABLE', `get Google's public keys from ${URL_OF_KEYS}: ${reason}`, { cause });
    const reply = await this.#http({ method: 'GET', url: URL_OF_KEYS }).catch((error: unknown) => {
      throw failed(error instanceof Error ? error.message : String(error), error);
    });
    if (reply.status !== 200) throw failed(`the answer was ${reply.status}`);
    try {
      const { keys } = replySchema.parse(JSON.parse(reply.text));
      const now = this.#now();
      return {
        keys: new Map(
          keys
            .filter(({ kty }) => kty === 'RSA')
            .map(({ kid, kty, n, e }) => [kid, createPublicKey({ key: { kty, n, e }, format: 'jwk' })]),
        ),
        askedAt: now,
        freshUntil: now + maxAgeMs(reply.headers['cache-control']),
      };
    } catch (error) {
      throw failed('the answer is not a list of keys', error);
    }
  }
}

/** How long the answer may be kept. */
export function maxAgeMs(cacheControl: string | undefined): number {
  const seconds = /(?:^|[\s,])max-age=(\d+)/i.exec(cacheControl ?? '')?.[1];
  if (seconds === undefined) return SHORTEST_MS;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Number(seconds) * 1000));
}
