/**
 * One request to Google over Node's own client. The names are Google's own and the certificates are checked against
 * Node's roots and the machine's; plain HTTP goes to the metadata server only, which has no other way and answers on
 * the machine's own link. There is no setting for another address: whoever rehearses changes what the names resolve to.
 */
import http from 'node:http';
import https from 'node:https';
import { outboundAgent } from '../../daemon/outbound-agent.ts';

export interface GoogleRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface GoogleReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Rejects where there is no answer: refused, no name, bad certificate, timeout, too large. */
export type GoogleHttp = (request: GoogleRequest) => Promise<GoogleReply>;

export interface GoogleHttpOptions {
  /** Undefined = Node's default. */
  readonly ca: readonly string[] | undefined;
  readonly timeoutMs: number;
  /** Where a name is reached, instead of asking the resolver; for tests, which have no resolver of their own. */
  readonly connect?: (hostname: string) => { readonly host: string; readonly port: number };
}

export const METADATA_HOST = 'metadata.google.internal';

const LARGEST_REPLY_BYTES = 16 * 1024 * 1024;

export function googleHttp(options: GoogleHttpOptions): GoogleHttp {
  return (request) => send(request, options);
}

function send(request: GoogleRequest, options: GoogleHttpOptions): Promise<GoogleReply> {
  const url = new URL(request.url);
  const isPlain = url.protocol === 'http:';
  if (isPlain && url.hostname !== METADATA_HOST)
    return Promise.reject(new Error(`plain HTTP is for ${METADATA_HOST} only`));
  const payload = request.body === undefined ? null : Buffer.from(JSON.stringify(request.body), 'utf8');
  const place = options.connect?.(url.hostname) ?? { host: url.hostname, port: isPlain ? 80 : 443 };
  const common = {
    ...place,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: {
      accept: 'application/json',
      ...request.headers,
      host: url.hostname,
      ...(payload === null ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    },
    signal: AbortSignal.timeout(options.timeoutMs),
    agent: options.connect === undefined ? outboundAgent(url) : (false as const),
  };
  return new Promise((resolve, reject) => {
    const onReply = (reply: http.IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let size = 0;
      reply.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_REPLY_BYTES) sent.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: plainHeaders(reply.headers), text: textOf(chunks) }),
      );
    };
    const ca = options.ca === undefined ? {} : { ca: [...options.ca] };
    const sent = isPlain
      ? http.request(common, onReply)
      : https.request({ ...common, ...ca, servername: url.hostname }, onReply);
    sent.on('error', (error) => reject(error.name === 'TimeoutError' ? new Error('no answer in time') : error));
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    sent.on('close', () => reject(new Error('the connection was closed without an answer')));
    sent.end(payload ?? undefined);
  });
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');

function plainHeaders(headers: http.IncomingHttpHeaders): GoogleReply['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
