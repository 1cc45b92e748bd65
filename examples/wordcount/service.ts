// The HTTP service: GET /count (form), POST /count (result), /healthz. It owns the server and its way to stop.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { prefersPage } from './accept.ts';
import type { WordcountConfig } from './config.ts';
import { contentSecurityPolicy, formPage, refusalPage, resultPage } from './page.ts';
import { Refusal } from './refusal.ts';
import { countText } from './text-stream.ts';
import { withUpload } from './upload.ts';
import { createWordCounter } from './word-counter.ts';

export interface WordcountService {
  readonly server: Server;
  /** Takes nothing new, ends what is under way, then resolves. */
  stop(): Promise<void>;
}

// Longer than a proxy in front keeps an idle connection (Caddy: 2 minutes). The other way round this side closes a
// connection at the moment at which the proxy sends the next request on it.
const keepAliveMs = 180_000;
// A client that is refused may still be sending. Closing at once would reset the connection before it has read why.
const drainMs = 2_000;
const idleMs = 60_000;

export function createWordcountService(config: WordcountConfig): WordcountService {
  const state = { stopping: false };
  const underWay = new Set<ServerResponse>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
    });
    if (state.stopping) response.setHeader('connection', 'close');
    respond(config, state, request, response).catch((error: unknown) => {
      refuse(config, request, response, error);
    });
  };
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, answer);
  // Size is checked before the client is told to go on.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (declaredSize(request) <= config.maxBytes) response.writeContinue();
    answer(request, response);
  });
  // Not the length of an upload is limited, but the silence in it.
  server.setTimeout(idleMs);

  return {
    server,
    stop: () =>
      new Promise((resolve) => {
        state.stopping = true;
        server.close(() => {
          resolve();
        });
        server.closeIdleConnections();
        // Else their connections would be kept for a next request, and the server with them.
        for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
      }),
  };
}

async function respond(
  config: WordcountConfig,
  state: { readonly stopping: boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').replace(/[?#].*$/, '');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  switch (`${method ?? ''} ${path}`) {
    case 'GET /healthz':
      sendHealth(config, state.stopping, response);
      return;
    case 'GET /count':
      send(response, 200, 'text/html; charset=utf-8', formPage(config.version));
      return;
    case 'POST /count':
      await sendCounts(config, request, response);
      return;
    case 'GET /':
      response.writeHead(302, { location: '/count' }).end();
      return;
  }
  if (path !== '/count' && path !== '/healthz' && path !== '/') {
    throw new Refusal(404, 'not-found', 'There is nothing here. The form is at /count.');
  }
  response.setHeader('allow', path === '/count' ? 'GET, HEAD, POST' : 'GET, HEAD');
  throw new Refusal(405, 'wrong-method', `${request.method ?? ''} is not possible here.`);
}

function sendHealth(config: WordcountConfig, stopping: boolean, response: ServerResponse): void {
  const trouble = stopping
    ? 'stopping'
    : config.unhealthy
      ? 'WORDCOUNT_UNHEALTHY is set: this version never gets healthy'
      : undefined;
  const body = { status: trouble ?? 'ok', version: config.version };
  send(response, trouble === undefined ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
}

async function sendCounts(config: WordcountConfig, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // The form around a file takes a little more than the file.
  if (declaredSize(request) > config.maxBytes + 65_536) throw Refusal.tooLarge(config.maxBytes);
  const counter = createWordCounter(config);
  const name = await withUpload(request, async (upload) => {
    await countText(upload.chunks, counter, config.maxBytes);
    return upload.name;
  });
  const counts = counter.finish();
  response.setHeader('vary', 'accept');
  if (prefersPage(request.headers.accept)) {
    send(response, 200, 'text/html; charset=utf-8', resultPage(config.version, name, counts));
  } else {
    const body = { file: name ?? null, version: config.version, ...counts };
    send(response, 200, 'application/json', `${JSON.stringify(body)}\n`);
  }
}

function refuse(config: WordcountConfig, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.socket === null || response.socket.destroyed) {
    response.destroy();
    return;
  }
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'internal', 'Counting failed by a fault of this service.');
  if (refusal !== error) console.error(JSON.stringify({ level: 'error', url: request.url, message: String(error) }));
  if (!request.readableEnded) {
    response.setHeader('connection', 'close');
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), drainMs);
    request.socket.once('close', () => {
      clearTimeout(timer);
    });
  }
  if (prefersPage(request.headers.accept)) {
    send(response, refusal.status, 'text/html; charset=utf-8', refusalPage(config.version, refusal.message));
  } else {
    const body = { code: refusal.code, message: refusal.message };
    send(response, refusal.status, 'application/json', `${JSON.stringify(body)}\n`);
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function declaredSize(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}
