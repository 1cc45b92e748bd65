/**
 * One HTTP request to the coordinator. Node's own client and not `fetch`, which knows neither the proxy of the
 * environment nor a root of our choice.
 */
import http from 'node:http';
import https from 'node:https';
import { outboundAgent } from '../../daemon/outbound-agent.ts';
import type { Variables } from '../../daemon/proxy-for.ts';

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null = none. */
  readonly body: string | null;
  readonly signal: AbortSignal;
  /** Undefined = Node's default. */
  readonly ca: readonly string[] | undefined;
  /** Those that name a proxy. */
  readonly variables: Variables | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
}

/** A page of a list with large specs stays far below. */
const LARGEST_REPLY_BYTES = 256 * 1024 * 1024;

/** Rejects where there is no answer: refused, no name, bad certificate, the signal. */
export function sendRequest(url: URL, request: HttpRequest): Promise<HttpReply> {
  const { method, body, signal, ca, variables } = request;
  const common = {
    method,
    headers:
      body === null ? request.headers : { ...request.headers, 'content-length': String(Buffer.byteLength(body)) },
    signal,
    agent: outboundAgent(url, variables),
  };
  return new Promise((resolve, reject) => {
    const onCut = (): void => reject(new Error('the connection was closed without an answer'));
    const onReply = (reply: http.IncomingMessage): void => {
      // What a proxy answers in place of the coordinator is read after the request's own end.
      sent.off('close', onCut);
      reply.on('close', onCut);
      const chunks: Buffer[] = [];
      let size = 0;
      reply.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_REPLY_BYTES) sent.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          statusText: reply.statusMessage ?? '',
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    };
    const sent =
      url.protocol === 'https:'
        ? https.request(url, { ...common, ...(ca === undefined ? {} : { ca: [...ca] }) }, onReply)
        : http.request(url, common, onReply);
    sent.on('error', reject);
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    sent.on('close', onCut);
    sent.end(body ?? undefined);
  });
}
