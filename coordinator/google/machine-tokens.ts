/**
 * The access token of the machine's service account, from the metadata server. Kept until shortly before its end, which
 * is when the metadata server has a new one; one question at a time. It is in no log and on no disk.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { METADATA_HOST, type GoogleHttp } from './google-http.ts';

export interface MachineToken {
  readonly token: string;
  /** Wall clock, ms. */
  readonly expiresAt: number;
}

/** The metadata server keeps a token until five minutes before its end: asking earlier gives the same one. */
const RENEW_BEFORE_MS = 4 * 60_000;
const URL_OF_TOKEN = `http://${METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/token`;

const replySchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });

export class MachineTokens {
  readonly #http: GoogleHttp;
  readonly #now: () => number;
  #known: MachineToken | null = null;
  #asking: Promise<MachineToken> | null = null;

  constructor(http: GoogleHttp, now: () => number) {
    this.#http = http;
    this.#now = now;
  }

  /** @throws GOOGLE_UNAVAILABLE */
  async current(): Promise<string> {
    const known = this.#known;
    if (known !== null && known.expiresAt - this.#now() > RENEW_BEFORE_MS) return known.token;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    this.#known = await this.#asking;
    return this.#known.token;
  }

  /** Google did not take it: the next use asks again. */
  forget(token: string): void {
    if (this.#known?.token === token) this.#known = null;
  }

  async #ask(): Promise<MachineToken> {
    const failed = (reason: string, cause?: unknown): LongshoreError =>
      new LongshoreError('GOOGLE_UNAVAILABLE', `get the machine's access token: ${reason}`, { cause });
    const reply = await this.#http({
      method: 'GET',
      url: URL_OF_TOKEN,
      headers: { 'metadata-flavor': 'Google' },
    }).catch((error: unknown) => {
      throw failed(error instanceof Error ? error.message : String(error), error);
    });
    if (reply.status !== 200 || reply.headers['metadata-flavor'] !== 'Google')
      throw failed(`${METADATA_HOST} answered ${reply.status}`);
    const parsed = replySchema.safeParse(jsonOf(reply.text));
    if (!parsed.success) throw failed(`${METADATA_HOST} answered without a token`);
    return { token: parsed.data.access_token, expiresAt: this.#now() + parsed.data.expires_in * 1000 };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
