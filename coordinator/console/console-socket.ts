/**
 * Accepts console sockets at CONSOLE_SOCKET_PATH: a token in the `Authorization` header, or (browsers cannot set one)
 * in the first frame within ten seconds. A browser's Origin must be this coordinator's own host, so that no other
 * page can use the socket of somebody who is logged in.
 */
import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { SOCKET_CLOSING } from '../../protocol/socket-closing.ts';
import type { RawData, WebSocket } from 'ws';
import { refuseUpgrade } from '../../daemon/refuse-upgrade.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import { consoleRequestSchema } from '../../protocol/console.ts';
import type { ConsoleFrame, ConsoleRequest } from '../../protocol/console.ts';
import { beyondBounds, PROVEN_BOUNDS, UNPROVEN_BOUNDS } from '../../protocol/json-bounds.ts';
import type { JsonBounds } from '../../protocol/json-bounds.ts';
import { CONSOLE_SOCKET_PATH } from '../../protocol/version.ts';
import type { AttemptLimit } from '../http/attempt-limit.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { authorise, bearerToken } from '../http/authentication.ts';
import { toErrorResponse } from '../http/error-response.ts';
import type { Actor, Commands } from '../commands.ts';
import { UnprovenBytes } from '../hub/unproven-bytes.ts';
import { CUT_BYTES, PAUSE_BYTES, ReaderLimits } from './reader-limits.ts';
import type { SocketHolding } from './reader-limits.ts';
import { ConsoleSession } from './console-session.ts';

export interface ConsoleSocketOptions {
  readonly server: Server;
  readonly commands: Commands;
  readonly version: string;
  readonly wallMs: () => number;
  readonly attempts: AttemptLimit;
  readonly addressOf: ClientAddress;
  readonly log: { error(fields: object, text: string): void };
  /** Shorter in tests. */
  readonly pingMs?: number;
}

const LOGIN_MS = 10_000;
/** Also how long a stream may outlive its token. */
const PING_MS = 30_000;
const REQUEST_LIMIT_BYTES = 256 * 1024;
const REQUEST_BOUNDS: JsonBounds = { ...PROVEN_BOUNDS, bytes: REQUEST_LIMIT_BYTES };

export interface ConsoleSocket {
  /** A token was revoked: what runs with it ends now, and not at the next look. */
  checkTokens(): void;
  /** Open sessions; one without a token does not count. */
  sessions(): number;
  /** Ends every call and socket with 1001. */
  close(): void;
}

export function attachConsole(options: ConsoleSocketOptions): ConsoleSocket {
  const sockets = new WebSocketServer({
    ...SOCKET_CLOSING,
    noServer: true,
    maxPayload: REQUEST_LIMIT_BYTES,
    perMessageDeflate: false,
  });
  const open: OpenConsoles = { limits: new ReaderLimits(), checks: new Set() };
  options.server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) !== CONSOLE_SOCKET_PATH) return;
    if (!isOwnOrigin(request)) {
      refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const count = new UnprovenBytes(request.socket, head.length, () =>
        opened.close(4413, `the frames before the welcome are larger than ${UNPROVEN_BOUNDS.bytes} bytes`),
      );
      void serve(opened, request, { ...options, ...open }, () => count.stop());
    });
  });
  return {
    checkTokens: () => {
      for (const check of open.checks) check();
    },
    sessions: () => open.checks.size,
    close: () => {
      for (const socket of sockets.clients) {
        // A paused socket would never read the answer to its close.
        socket.resume();
        socket.close(1001, 'the coordinator stops');
      }
      sockets.close();
    },
  };
}

interface OpenConsoles {
  readonly limits: ReaderLimits;
  /** One of each session: ends it where its token is not good any more. */
  readonly checks: Set<() => void>;
}

type SessionOptions = ConsoleSocketOptions & OpenConsoles;

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

export function isOwnOrigin(request: Pick<IncomingMessage, 'headers'>): boolean {
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

async function serve(
  socket: WebSocket,
  request: IncomingMessage,
  options: SessionOptions,
  onProven: () => void,
): Promise<void> {
  const address = options.addressOf(request);
  let isPaused = false;
  const onFlushed = (): void => {
    if (!isPaused || socket.bufferedAmount > PAUSE_BYTES / 2) return;
    isPaused = false;
    socket.resume();
  };
  const send = (frame: ConsoleFrame): void => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(JSON.stringify(frame), onFlushed);
    if (socket.bufferedAmount > CUT_BYTES) socket.terminate();
    else if (socket.bufferedAmount > PAUSE_BYTES && !isPaused) {
      // Who does not read gets no further answers: what it asks for waits with it.
      isPaused = true;
      socket.pause();
    }
  };
  socket.on('error', () => socket.terminate());
  try {
    const token = bearerToken(request.headers.authorization) ?? (await loginToken(socket));
    // Frames that come while the token is looked up would find no listener: hold them in the socket.
    socket.pause();
    const actor = await authorise(options.commands, token, 'viewer');
    if (socket.readyState !== socket.OPEN) {
      // Its `close` may have been already: a session that begins now would never be told to end.
      socket.resume();
      return;
    }
    onProven();
    const holding = options.limits.open(actor.tokenId, actor.name);
    send({ kind: 'welcome', version: options.version, role: actor.role, name: actor.name });
    runSession(socket, () => authorise(options.commands, token, 'viewer'), send, holding, options);
    socket.resume();
  } catch (error) {
    const isGuess = error instanceof LongshoreError && error.code === 'UNAUTHENTICATED';
    const answer = isGuess ? options.attempts.refused(address, error) : error;
    send({ kind: 'refused', problem: toErrorResponse(answer, 'of the console').body });
    // A paused socket would never read the answer to its close.
    socket.resume();
    socket.close(4401, 'refused');
  }
}

/** @throws UNAUTHENTICATED after ten seconds, or when the first frame is another */
function loginToken(socket: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(null), LOGIN_MS);
    const settle = (token: string | null): void => {
      clearTimeout(timer);
      socket.off('message', onMessage);
      socket.off('close', onClose);
      if (token === null)
        reject(
          new LongshoreError(
            'UNAUTHENTICATED',
            'log in to the console: the first frame must be `login` within ten seconds',
          ),
        );
      else resolve(token);
    };
    const onMessage = (data: RawData): void => {
      const decoded = decodeRequest(data, UNPROVEN_BOUNDS);
      settle(decoded?.kind === 'login' ? decoded.token : null);
    };
    const onClose = (): void => settle(null);
    socket.on('message', onMessage);
    socket.on('close', onClose);
  });
}

function runSession(
  socket: WebSocket,
  actor: () => Promise<Actor>,
  send: (frame: ConsoleFrame) => void,
  holding: SocketHolding,
  options: SessionOptions,
): void {
  const session = new ConsoleSession({
    commands: options.commands,
    actor,
    wallMs: options.wallMs,
    send,
    buffered: () => socket.bufferedAmount,
    holding,
    log: options.log,
  });
  let alive = true;
  let bufferedBefore = 0;
  let hasEnded = false;
  /** Streams that began with a token end with it. */
  const endRevoked = async (): Promise<void> => {
    try {
      await actor();
    } catch (error) {
      // Only an answer counts: a store that is busy says nothing about the token, and is asked again.
      if (!(error instanceof LongshoreError && error.code === 'UNAUTHENTICATED')) return;
      if (hasEnded) return;
      hasEnded = true;
      // Not when the peer has answered the close: until then a command would go on.
      session.close();
      send({ kind: 'refused', problem: error.problem });
      socket.close(4401, 'refused');
    }
  };
  const check = (): void => void endRevoked();
  options.checks.add(check);
  const ping = setInterval(() => {
    // A reader that is only slow has taken something.
    const isReading = socket.bufferedAmount < bufferedBefore;
    bufferedBefore = socket.bufferedAmount;
    if (!alive && !isReading) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
    check();
  }, options.pingMs ?? PING_MS);
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', (data) => {
    alive = true;
    if (hasEnded) return;
    const request = decodeRequest(data, REQUEST_BOUNDS);
    if (request !== null) {
      session.handle(request);
      return;
    }
    send({
      kind: 'refused',
      problem: problem('FRAME_INVALID', 'a console frame is not valid JSON or is malformed', {
        hint: 'See docs/protocol.md.',
      }),
    });
    socket.close(4400, 'invalid frame');
  });
  socket.on('close', () => {
    clearInterval(ping);
    hasEnded = true;
    options.checks.delete(check);
    session.close();
    holding.close();
  });
}

function decodeRequest(data: RawData, bounds: JsonBounds): ConsoleRequest | null {
  let json: unknown;
  try {
    const text = textOf(data);
    if (beyondBounds(text, bounds) !== null) return null;
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = consoleRequestSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}
