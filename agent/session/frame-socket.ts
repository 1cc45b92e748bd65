/**
 * One WebSocket to the coordinator, as the session sees it: text frames in and out, and one end. The only file of the
 * agent that knows `ws`. Frames over the limit end the connection before they are in memory.
 */
import WebSocket from 'ws';
import { isPlainAnswer } from '../../fleet/plain-answer.ts';
import { SOCKET_CLOSING } from '../../protocol/socket-closing.ts';
import { outboundAgent } from '../../daemon/outbound-agent.ts';
import { FRAME_LIMIT_BYTES } from '../../protocol/version.ts';

export interface FrameSocket {
  /** Bytes given to `send` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** `onFlushed` is called when the kernel has taken the frame, or when it never will. */
  send(text: string, onFlushed: () => void): void;
  /** Asks the other side to close too; the end comes within some seconds either way. */
  close(code: number, reason: string): void;
  /** Ends it without asking. */
  destroy(): void;
}

export interface SocketEvents {
  readonly onFrame: (text: string) => void;
  /** A frame that is no text. */
  readonly onBinary: () => void;
  /** Exactly once, also when the connection was never made. */
  readonly onEnd: (end: SocketEnd) => void;
}

export interface SocketEnd {
  /** WebSocket close code; 1006 where the connection broke or was never made. */
  readonly code: number;
  readonly reason: string;
  /** What the network said, where it said something. */
  readonly error: string | null;
  /** HTTP status where the server answered without a WebSocket. */
  readonly status: number | null;
}

export interface DialOptions {
  readonly url: string;
  readonly ca: readonly string[] | undefined;
  readonly userAgent: string;
  readonly handshakeTimeoutMs: number;
}

export type Dial = (options: DialOptions, events: SocketEvents) => FrameSocket;

export const dialWebSocket: Dial = (options, events) => {
  const socket = new WebSocket(options.url, {
    ...SOCKET_CLOSING,
    maxPayload: FRAME_LIMIT_BYTES,
    handshakeTimeout: options.handshakeTimeoutMs,
    // A compressor for each direction costs more memory than the agent's frames are worth.
    perMessageDeflate: false,
    followRedirects: false,
    headers: { 'user-agent': options.userAgent },
    agent: outboundAgent(options.url) || undefined,
    ...(options.ca === undefined ? {} : { ca: [...options.ca] }),
  });
  let error: string | null = null;
  let status: number | null = null;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.onBinary();
    else events.onFrame(data.toString('utf8'));
  });
  socket.on('unexpected-response', (_request, response) => {
    status = response.statusCode ?? null;
    error = `the server answered with HTTP status ${response.statusCode ?? 0}`;
    response.resume();
    socket.terminate();
  });
  socket.on('error', (found: Error) => {
    error ??= wordsOf(found, options.url);
  });
  socket.on('close', (code: number, reason: Buffer) => {
    events.onEnd({ code, reason: reason.toString('utf8'), error, status });
  });
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(text, onFlushed) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text, { binary: false }, onFlushed);
      else onFlushed();
    },
    close(code, reason) {
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
      else socket.close(code, shortReason(reason));
    },
    destroy() {
      socket.terminate();
    },
  };
};

/** Explains the error of `ws://` to a port with TLS, or of `wss://` to one without. */
function wordsOf(error: Error, url: string): string {
  const code = 'code' in error ? String(error.code) : '';
  if (isPlainAnswer(error)) return 'it does not speak TLS; use ws:// in its address, or check the port';
  if (code === 'ECONNRESET' && url.startsWith('ws:'))
    return 'it closed the connection unanswered; where its port speaks TLS, use wss:// in its address';
  return error.message === '' ? code : error.message;
}

/** A close frame has room for 123 bytes. */
function shortReason(reason: string): string {
  let short = reason.slice(0, 120);
  while (Buffer.byteLength(short) > 120) short = short.slice(0, -1);
  return short;
}
