/**
 * `fetch` as the registry client uses it, over Node's own client with roots of our choice: the built-in one knows only
 * Node's list, not what the machine trusts besides. Asks and reads; it sends no body. A redirect to another origin is
 * not shown who we are.
 */
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { outboundAgent } from '../../daemon/outbound-agent.ts';

const MOST_REDIRECTS = 5;
/** Answers that may not carry a body. */
const BODILESS = new Set([101, 204, 205, 304]);

/** @param ca undefined = Node's default */
export function fetchWithRoots(ca: readonly string[] | undefined): typeof fetch {
  return async (input, init = {}) => {
    let url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    for (let hop = 0; ; hop += 1) {
      const reply = await ask(url, init, headers, ca);
      const location = reply.headers.location;
      const isRedirect = [301, 302, 303, 307, 308].includes(reply.statusCode ?? 0) && location !== undefined;
      if (!isRedirect || init.redirect === 'manual') return toResponse(reply, init.method);
      reply.resume();
      if (hop === MOST_REDIRECTS) throw new Error(`${url.host} redirects without end`);
      const next = new URL(location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:')
        throw new Error(`${url.host} redirects to plain HTTP`);
      if (next.origin !== url.origin) headers.delete('authorization');
      url = next;
    }
  };
}

function ask(
  url: URL,
  init: RequestInit,
  headers: Headers,
  ca: readonly string[] | undefined,
): Promise<http.IncomingMessage> {
  const common = {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(headers),
    agent: outboundAgent(url),
    ...(init.signal == null ? {} : { signal: init.signal }),
  };
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'https:'
        ? https.request(url, { ...common, ...(ca === undefined ? {} : { ca: [...ca] }) }, resolve)
        : http.request(url, common, resolve);
    // The reason of a signal, as `fetch` gives it, and not the client's own word for it.
    sent.on('error', (error) => reject(init.signal?.aborted === true ? (init.signal.reason as Error) : error));
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    sent.on('close', () => reject(new Error('the connection was closed without an answer')));
    sent.end();
  });
}

function toResponse(reply: http.IncomingMessage, method: string | undefined): Response {
  const status = reply.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headersDistinct))
    for (const each of value ?? []) headers.append(name, each);
  const hasBody = method !== 'HEAD' && !BODILESS.has(status);
  if (!hasBody) reply.resume();
  return new Response(hasBody ? (Readable.toWeb(reply) as ReadableStream<Uint8Array>) : null, { status, headers });
}
