/**
 * The coordinator's HTTP server: the table of routes, health, metrics, the OpenAPI document and the web page.
 * It listens when told; the sockets (agents, console) are attached to `server` by their owners. Registers, parses,
 * authorises, renders; decides nothing.
 */
import { STATUS_CODES } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { boundedText } from '../../fleet/bounded-text.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import { ROUTES } from '../../protocol/http-api/routes.ts';
import type { Access, Route } from '../../protocol/http-api/route.ts';
import type { RouteName } from '../../protocol/http-api/routes.ts';
import type { Actor, Commands } from '../commands.ts';
import type { Installer } from '../install/installer.ts';
import { beyondBounds, PROVEN_BOUNDS, UNPROVEN_BOUNDS } from '../../protocol/json-bounds.ts';
import type { AddressRate } from './address-rate.ts';
import type { AttemptLimit } from './attempt-limit.ts';
import type { ClientAddress } from './client-address.ts';
import { authorise, bearerToken } from './authentication.ts';
import { allowedMethods } from './allowed-methods.ts';
import { brokenRequest, toErrorResponse } from './error-response.ts';
import { createHandlers } from './handlers.ts';
import { renderOpenapi } from './openapi.ts';
import { registerInstall } from './install-routes.ts';
import { measureRequests } from './measure-requests.ts';
import type { MeasuredRequest } from './measure-requests.ts';
import type { TlsPair } from './tls-files.ts';
import { parseInput } from './parse-input.ts';
import { idempotencyKey, idOfRequest } from './remembered-requests.ts';
import type { RememberedRequests } from './remembered-requests.ts';
import type { WebFile } from './web-files.ts';

export interface HttpServerOptions {
  readonly commands: Commands;
  readonly version: string;
  readonly log: FastifyBaseLogger;
  /** Certificate and key; null = plain HTTP. */
  readonly tls: TlsPair | null;
  /** Null = ready; else the reason it is not. */
  readonly notReady: () => string | null;
  readonly renderMetrics: () => Promise<{ readonly type: string; readonly body: string }>;
  readonly onAnswered: (request: MeasuredRequest) => void;
  /** `token`: of a viewer or more. They name apps and hosts, and how busy they are. */
  readonly metricsAccess: 'token' | 'open';
  readonly webFiles: ReadonlyMap<string, WebFile>;
  readonly installer: Installer;
  readonly attempts: AttemptLimit;
  readonly requests: RememberedRequests;
  readonly addressOf: ClientAddress;
  /** Calls of routes that anybody may call. */
  readonly publicCalls: AddressRate;
}

export interface HttpServer {
  /** For `upgrade` listeners. */
  readonly server: Server;
  /** @returns the port bound */
  listen(address: string, port: number): Promise<number>;
  /** For connections from now on. */
  renewTls(pair: TlsPair): void;
  close(): Promise<void>;
}

const LEAST_TLS = 'TLSv1.2';
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = createApp(options);
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply));
  const methodsOf = allowedMethods(ROUTES, [...READ_PATHS, ...options.webFiles.keys()]);
  app.setNotFoundHandler((request, reply) => {
    const path = boundedText(request.url.split('?')[0] ?? '', 256);
    const methods = methodsOf(path);
    if (methods.length === 0)
      return refuse(new LongshoreError('NOT_FOUND', `there is no ${request.method} ${path}`), request, reply);
    const hint = `It takes ${methods.join(', ')}.`;
    const body = problem('INPUT_INVALID', `there is no ${request.method} of ${path}`, { hint });
    return reply.code(405).header('allow', methods.join(', ')).send(body);
  });
  measureRequests(app, options.onAnswered);
  refuseWhileClosing(app);
  registerHealth(app, options);
  registerWeb(app, options.webFiles);
  registerInstall(app, options.installer);
  registerApi(app, options);
  return {
    server: app.server,
    listen: async (address, port) => {
      await app.listen({ host: address, port });
      const bound = app.server.address();
      return typeof bound === 'object' && bound !== null ? bound.port : port;
    },
    renewTls: (pair) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext({ ...pair, minVersion: LEAST_TLS });
    },
    close: () => app.close(),
  };
}

function createApp(options: HttpServerOptions): FastifyInstance {
  const base = {
    loggerInstance: options.log,
    // Also of paths that there are not; a route for those who have a token says more.
    bodyLimit: UNPROVEN_BOUNDS.bytes,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // It has a form of its own; `refuseWhileClosing` has ours.
    return503OnClosing: false,
    frameworkErrors: refuse,
    clientErrorHandler: answerBroken,
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 256 },
  } as const;
  if (options.tls === null) return Fastify(base);
  return Fastify({ ...base, https: { ...options.tls, minVersion: LEAST_TLS } });
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const response = toErrorResponse(error, request.id);
  if (response.status >= 500)
    request.log.error(
      { err: error, request: request.id, method: request.method, url: request.url },
      'a request failed',
    );
  if (response.retryAfterSeconds !== null) reply.header('retry-after', String(response.retryAfterSeconds));
  if (response.status === 401) reply.header('www-authenticate', 'Bearer realm="longshore"');
  return reply.code(response.status).send(response.body);
}

function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', () => {
    isClosing = true;
    return Promise.resolve();
  });
  app.addHook('onRequest', () => {
    if (!isClosing) return Promise.resolve();
    return Promise.reject(new LongshoreError('SHUTTING_DOWN', 'the coordinator stops'));
  });
}

/** What is no HTTP never becomes a request: it is answered on its socket. */
function answerBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = brokenRequest(error);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
  socket.destroySoon();
}

const READ_PATHS = ['/healthz', '/readyz', '/metrics', '/v1/openapi.json', '/install.sh'];

function registerHealth(app: FastifyInstance, options: HttpServerOptions): void {
  app.get('/healthz', () => ({ ok: true, version: options.version }));
  app.get('/readyz', (_request, reply) => {
    const reason = options.notReady();
    return reply.code(reason === null ? 200 : 503).send({ ok: reason === null, reason });
  });
  app.get('/metrics', async (request, reply) => {
    await admit(options, options.metricsAccess === 'open' ? 'public' : 'viewer', request);
    const metrics = await options.renderMetrics();
    return reply.type(metrics.type).send(metrics.body);
  });
  // Written once: everybody may ask for it.
  const document = JSON.stringify(renderOpenapi(options.version));
  app.get('/v1/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
}

function registerWeb(app: FastifyInstance, files: ReadonlyMap<string, WebFile>): void {
  for (const [path, file] of files) {
    app.get(path, (request, reply) => {
      reply.headers({ ...PAGE_HEADERS, etag: file.etag });
      return request.headers['if-none-match'] === file.etag
        ? reply.code(304).send()
        : reply.type(file.type).send(file.body);
    });
  }
}

/** A handler seen without its route's types; the table of handlers was checked against the table of routes. */
type AnyHandler = (call: {
  parameters: unknown;
  query: unknown;
  body: unknown;
  actor: Actor | null;
  requestId: string | null;
}) => Promise<unknown>;

function registerApi(app: FastifyInstance, options: HttpServerOptions): void {
  const handlers = createHandlers(options.commands, options.version);
  const actors = new WeakMap<FastifyRequest, Actor>();
  acceptJson(app, (request) => actors.has(request));
  for (const [name, route] of Object.entries(ROUTES) as readonly (readonly [RouteName, Route])[]) {
    const handler = handlers[name] as unknown as AnyHandler;
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{([a-z]+)\}/g, ':$1'),
      ...(route.access === 'public' ? {} : { bodyLimit: PROVEN_BOUNDS.bytes }),
      // Before the body is read: who may not call does not make us parse megabytes.
      onRequest: async (request) => {
        const actor = await admit(options, route.access, request);
        if (actor !== null) actors.set(request, actor);
      },
      handler: async (request, reply) => {
        const query = route.query === null ? undefined : parseInput(route.query, request.query, 'query');
        const body = route.body === null ? undefined : parseInput(route.body, request.body ?? {}, 'body');
        const actor = actors.get(request) ?? null;
        const key = route.creates === true ? idempotencyKey(request.headers['idempotency-key']) : null;
        if (key === null || actor === null) {
          const call = { parameters: request.params, query, body, actor, requestId: null };
          return countRefusals(options, route, request, () => handler(call));
        }
        const keyed = { actor: actor.tokenId, key };
        const call = { parameters: request.params, query, body, actor, requestId: idOfRequest(keyed) };
        const content = { name, parameters: request.params, query: query ?? null, body: body ?? null };
        const { answer, isRepeated } = await options.requests.once({ ...keyed, content }, () => handler(call));
        if (isRepeated) reply.header('idempotent-replayed', 'true');
        return answer;
      },
    });
  }
}

/**
 * Many clients send `Content-Type: application/json` with nothing behind it, on DELETE and on calls without fields. What
 * is there is looked at before it is parsed.
 */
function acceptJson(app: FastifyInstance, isProven: (request: FastifyRequest) => boolean): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    const beyond = beyondBounds(text, isProven(request) ? PROVEN_BOUNDS : UNPROVEN_BOUNDS);
    if (beyond !== null) {
      done(new LongshoreError('TOO_LARGE', `read the body: it ${beyond}`));
      return;
    }
    try {
      done(null, text === '' ? undefined : JSON.parse(text));
    } catch (error) {
      done(Object.assign(error instanceof Error ? error : new Error('no JSON'), { statusCode: 400 }));
    }
  });
}

/** @throws RATE_LIMITED, UNAUTHENTICATED, FORBIDDEN */
async function admit(options: HttpServerOptions, access: Access, request: FastifyRequest): Promise<Actor | null> {
  const address = options.addressOf(request.raw);
  if (access === 'public') {
    const retryAfterMs = request.method === 'GET' ? 0 : options.publicCalls.take(address);
    if (retryAfterMs === 0) return null;
    throw new LongshoreError('RATE_LIMITED', `too many calls without a token from ${address}`, { retryAfterMs });
  }
  try {
    return await authorise(options.commands, bearerToken(request.headers.authorization), access);
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'UNAUTHENTICATED')
      throw options.attempts.refused(address, error);
    throw error;
  }
}

/** Enrolment tokens are guessed on a public route: its refusals count like refused API tokens. So do forged identities. */
const GUESSES: readonly string[] = ['TOKEN_INVALID', 'IDENTITY_REFUSED'];

async function countRefusals<T>(
  options: HttpServerOptions,
  route: Route,
  request: FastifyRequest,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (route.access === 'public' && error instanceof LongshoreError && GUESSES.includes(error.code))
      throw options.attempts.refused(options.addressOf(request.raw), error);
    throw error;
  }
}
