/**
 * The sockets of the APIs: TLS for Google's names under the rehearsal's own certificate, reached straight (machines,
 * whose resolver leads here) or through CONNECT (Terraform, by HTTPS_PROXY). Any other name is refused by the proxy:
 * nothing of a rehearsal may reach the world.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Answer, Call } from './exchange.ts';

export type Handler = (call: Omit<Call, 'caller'>) => Promise<Answer>;

export interface FrontOptions {
  readonly certificate: string;
  readonly key: string;
  readonly handle: Handler;
  readonly say: (line: string) => void;
}

/** Names that the stand-in answers for. */
export function isGoogles(host: string): boolean {
  return host.endsWith('.googleapis.com') || host.endsWith('-docker.pkg.dev');
}

export function apiServer(options: FrontOptions): https.Server {
  return https.createServer({ cert: options.certificate, key: options.key }, listener(options.handle, options.say));
}

/** One handler for requests that come without TLS: the registry's port for this machine's own Docker. */
export function plainServer(handle: Handler, say: (line: string) => void): http.Server {
  return http.createServer(listener(handle, say));
}

export function proxyServer(api: https.Server, say: (line: string) => void): http.Server {
  const proxy = http.createServer((_request, response) => {
    response.writeHead(405).end('This proxy takes CONNECT to Google Cloud only.\n');
  });
  proxy.on('connect', (request, socket: Socket) => {
    const [host = '', port] = (request.url ?? '').split(':');
    if (!isGoogles(host) || port !== '443') {
      say(`REFUSED: ${request.url ?? ''} through the proxy; the rehearsal stands in for Google's APIs alone`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    api.emit('connection', socket);
  });
  return proxy;
}

function listener(handle: Handler, say: (line: string) => void): http.RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'https://google');
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const call = {
      method: request.method ?? 'GET',
      host,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: request,
    };
    void handle(call)
      .then((answer) => send(response, answer))
      .catch((error: unknown) => {
        // A client that has seen enough.
        if (response.destroyed || request.destroyed) return;
        say(`${call.method} ${host}${call.path}: ${error instanceof Error ? error.message : String(error)}`);
        response.destroy();
      });
  };
}

async function send(response: http.ServerResponse, answer: Answer): Promise<void> {
  response.writeHead(answer.status, answer.headers);
  const { body } = answer;
  if (body === undefined) response.end();
  else if (typeof body === 'string' || Buffer.isBuffer(body)) response.end(body);
  else await pipeline(body, response);
}
