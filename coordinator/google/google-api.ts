/**
 * A call of one of Google's APIs with the machine's own token. What is not among the statuses that the caller expects is
 * an error that names the call and what Google said; a token that was refused is asked for anew once.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { GoogleHttp, GoogleReply, GoogleRequest } from './google-http.ts';
import type { MachineTokens } from './machine-tokens.ts';

export interface ApiCall extends GoogleRequest {
  /** Operation and object, as the message begins. */
  readonly what: string;
  /** Statuses that the caller understands, besides 200. */
  readonly expects?: readonly number[];
}

export interface ApiReply {
  readonly status: number;
  readonly headers: GoogleReply['headers'];
  readonly text: string;
  /** Null where the text is no JSON. */
  readonly body: unknown;
}

export class GoogleApi {
  readonly #http: GoogleHttp;
  readonly #tokens: Pick<MachineTokens, 'current' | 'forget'>;

  constructor(http: GoogleHttp, tokens: Pick<MachineTokens, 'current' | 'forget'>) {
    this.#http = http;
    this.#tokens = tokens;
  }

  /** @throws GOOGLE_UNAVAILABLE, GOOGLE_DENIED */
  async call(call: ApiCall): Promise<ApiReply> {
    const first = await this.#once(call);
    return first.status === 401 ? this.#checked(call, await this.#once(call)) : this.#checked(call, first);
  }

  async #once(call: ApiCall): Promise<GoogleReply> {
    const token = await this.#tokens.current();
    const { method, url, headers, body } = call;
    const request = { method, url, headers: { ...headers, authorization: `Bearer ${token}` } };
    const reply = await this.#http(body === undefined ? request : { ...request, body }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LongshoreError('GOOGLE_UNAVAILABLE', `${call.what}: ${reason}`, { cause: error });
    });
    if (reply.status === 401) this.#tokens.forget(token);
    return reply;
  }

  #checked({ what, expects }: ApiCall, reply: GoogleReply): ApiReply {
    const { status, headers, text } = reply;
    const body = jsonOf(text);
    if (status === 200 || expects?.includes(status) === true) return { status, headers, text, body };
    const said = problemSchema.safeParse(body);
    const reason = said.success ? said.data.error.message : `Google answered ${status}`;
    const code = status === 401 || status === 403 ? 'GOOGLE_DENIED' : 'GOOGLE_UNAVAILABLE';
    throw new LongshoreError(code, `${what}: ${reason}`);
  }
}

const problemSchema = z.object({ error: z.object({ message: z.string().min(1) }) });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
