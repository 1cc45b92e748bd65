/**
 * One HTTP POST to the coordinator. Node's own client and not `fetch`, which would cost the idle agent some megabytes
 * for a call that is made once in its life.
 */
import http from 'node:http';
import https from 'node:https';
import { outboundAgent } from '../../daemon/outbound-agent.ts';
import { withTimeLimit } from '../with-time-limit.ts';

export interface PostReply {
  readonly status: number;
  readonly body: unknown;
  /** From Retry-After in seconds; null = not said. */
  readonly retryAfterMs: number | null;
}

const LARGEST_REPLY_BYTES = 256 * 1024;

/** Rejects where there is no answer: refused, no name, bad certificate, timeout. */
export function postJson(
  url: string,
  body: unknown,
  options: { readonly ca: readonly string[] | undefined; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<PostReply> {
  const payload = Buffer.from(JSON.stringify(body), 'utf8');
  return withTimeLimit(options.signal, options.timeoutMs, (signal) => post(url, payload, options.ca, signal));
}

function post(
  url: string,
  payload: Buffer,
  ca: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<PostReply> {
  const common = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': payload.length },
    signal,
    agent: outboundAgent(url),
  };
  return new Promise((resolve, reject) => {
    const onReply = (reply: http.IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let size = 0;
      reply.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_REPLY_BYTES) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      reply.on('error', reject);
      reply.on('end', () => {
        const seconds = Number(reply.headers['retry-after']);
        resolve({
          status: reply.statusCode ?? 0,
          body: jsonOrText(Buffer.concat(chunks).toString('utf8')),
          retryAfterMs: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : null,
        });
      });
    };
    const request = url.startsWith('https:')
      ? https.request(url, { ...common, ...(ca === undefined ? {} : { ca: [...ca] }) }, onReply)
      : http.request(url, common, onReply);
    request.on('error', reject);
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    request.on('close', () => reject(new Error('the connection was closed without an answer')));
    request.end(payload);
  });
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
