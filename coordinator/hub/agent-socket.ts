/**
 * One WebSocket of an agent as the hub sees it: text frames in and out, and one end. The only file of the hub that
 * knows `ws`. Sockets are accepted on AGENT_SOCKET_PATH of the HTTP server; other paths are left to others.
 */
import type { IncomingMessage, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { SOCKET_CLOSING } from '../../protocol/socket-closing.ts';
import { refuseUpgrade } from '../../daemon/refuse-upgrade.ts';
import { CLOSE } from '../../protocol/agent-messages.ts';
import { UNPROVEN_BOUNDS } from '../../protocol/json-bounds.ts';
import { AGENT_SOCKET_PATH, FRAME_LIMIT_BYTES } from '../../protocol/version.ts';
import { UnprovenBytes } from './unproven-bytes.ts';

export interface AgentSocket {
  /** Address of the peer, for the log. */
  readonly peer: string;
  /** `Host` that the agent asked for; null where it named none. */
  readonly hostHeader: string | null;
  /** Bytes given to `send` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  send(text: string): void;
  /** Resolves when the kernel has taken the frame, or never will. */
  sendSlowly(text: string): Promise<void>;
  /** Resolves true when the peer answered within the time. */
  isAlive(withinMs: number): Promise<boolean>;
  /** Stops and goes on reading: TCP then slows the sender. */
  pause(): void;
  resume(): void;
  /** It has proven its key: until then it may send no more than UNPROVEN_BYTES in all. */
  admitted(): void;
  close(code: number, reason: string): void;
  destroy(): void;
}

export interface AgentSocketEvents {
  readonly onFrame: (text: string) => void;
  readonly onBinary: () => void;
  /** Exactly once. */
  readonly onEnd: (code: number, reason: string) => void;
}

/** Who may open a socket at all, by address. */
export interface AgentDoor {
  addressOf(request: IncomingMessage): string;
  /** How long this address has to wait; 0 = it may come in. */
  waitMs(address: string): number;
}

export interface AgentSockets {
  /** Accepts no more; those that are open stay. */
  close(): void;
}

/** @param onSocket gets each accepted socket and answers who listens to it */
export function acceptAgents(
  server: Server,
  door: AgentDoor,
  onSocket: (socket: AgentSocket) => AgentSocketEvents,
): AgentSockets {
  const sockets = new WebSocketServer({
    ...SOCKET_CLOSING,
    noServer: true,
    maxPayload: FRAME_LIMIT_BYTES,
    // A compressor a direction costs more memory than ten thousand agents' frames are worth.
    perMessageDeflate: false,
    clientTracking: false,
  });
  const onUpgrade = (
    request: IncomingMessage,
    socket: Parameters<WebSocketServer['handleUpgrade']>[1],
    head: Buffer,
  ): void => {
    if ((request.url ?? '').split('?')[0] !== AGENT_SOCKET_PATH) return;
    const address = door.addressOf(request);
    const waitMs = door.waitMs(address);
    if (waitMs > 0) {
      refuseUpgrade(socket, '429 Too Many Requests', { 'Retry-After': String(Math.ceil(waitMs / 1000)) });
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const count = new UnprovenBytes(request.socket, head.length, () =>
        opened.close(CLOSE.tooLarge, `the frames before the welcome are larger than ${UNPROVEN_BOUNDS.bytes} bytes`),
      );
      listen(opened, { address, hostHeader: request.headers.host ?? null, onAdmitted: () => count.stop() }, onSocket);
    });
  };
  server.on('upgrade', onUpgrade);
  return {
    // The listener stays: what is closed answers 503. A socket of nobody would stay open, and hold up HTTP's end.
    close: () => sockets.close(),
  };
}

interface Peer {
  readonly address: string;
  readonly hostHeader: string | null;
  readonly onAdmitted: () => void;
}

function listen(socket: WebSocket, peer: Peer, onSocket: (socket: AgentSocket) => AgentSocketEvents): void {
  const events = onSocket(toAgentSocket(socket, peer));
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.onBinary();
    else events.onFrame(data.toString('utf8'));
  });
  // What broke it is said by the close that always follows; without a listener it would end the process.
  socket.on('error', (error: Error & { readonly code?: string }) => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      socket.close(CLOSE.tooLarge, 'a frame is larger than 4 MiB');
  });
  socket.on('close', (code, reason) => events.onEnd(code, reason.toString('utf8')));
}

function toAgentSocket(socket: WebSocket, peer: Peer): AgentSocket {
  return {
    peer: peer.address,
    hostHeader: peer.hostHeader,
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    sendSlowly: (text) =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text, () => resolve());
        else resolve();
      }),
    isAlive: (withinMs) => pong(socket, withinMs),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    admitted: peer.onAdmitted,
    close: (code, reason) => socket.close(code, reason.slice(0, 60)),
    destroy: () => socket.terminate(),
  };
}

function pong(socket: WebSocket, withinMs: number): Promise<boolean> {
  if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (alive: boolean) => (): void => {
      clearTimeout(timer);
      socket.off('pong', onPong);
      socket.off('close', onClose);
      resolve(alive);
    };
    const onPong = done(true);
    const onClose = done(false);
    const timer = setTimeout(onClose, withinMs);
    socket.on('pong', onPong);
    socket.on('close', onClose);
    socket.ping();
  });
}
