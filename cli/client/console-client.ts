/** The console socket from the command line's side: open, wait for `welcome`, then calls by id with their frames. */
import { WebSocket } from 'ws';
import { SOCKET_CLOSING } from '../../protocol/socket-closing.ts';
import type { RawData } from 'ws';
import { outboundAgent } from '../../daemon/outbound-agent.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { consoleFrameSchema } from '../../protocol/console.ts';
import type { ConsoleFrame, ConsoleRequest } from '../../protocol/console.ts';
import { CONSOLE_SOCKET_PATH } from '../../protocol/version.ts';
import { urlBelow } from '../coordinator-url.ts';
import { unreachable } from './api-client.ts';
import type { Credentials } from './api-client.ts';

export type CallFrame = Extract<ConsoleFrame, { id: string }>;
type CallRequest = Extract<ConsoleRequest, { id: string }>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type StartCall = DistributiveOmit<
  Extract<CallRequest, { kind: 'line' | 'complete' | 'watch' | 'logs' | 'exec' }>,
  'id'
>;
export type CallInput = DistributiveOmit<
  Extract<CallRequest, { kind: 'input' | 'input-end' | 'resize' | 'cancel' }>,
  'id'
>;

export interface RunningCall {
  /** Resolves with the exit code at `done`. @throws LongshoreError: its problem, or UNREACHABLE when the socket ends before */
  readonly finished: Promise<number>;
  send(request: CallInput): void;
}

export interface ConsoleLimits {
  /** For the handshake, and then for the welcome. */
  readonly openMs: number;
  /** A coordinator that is not heard for so long is gone, whatever the network says. */
  readonly silenceMs: number;
}

/** The coordinator pings every 30 s: one that is late is not yet a silence. */
const LIMITS: ConsoleLimits = { openMs: 10_000, silenceMs: 75_000 };

export class ConsoleClient {
  readonly #socket: WebSocket;
  readonly #calls = new Map<
    string,
    { onFrame: (frame: CallFrame) => void; resolve: (exit: number) => void; reject: (error: Error) => void }
  >();
  readonly welcome: Extract<ConsoleFrame, { kind: 'welcome' }>;
  #next = 1;
  /** Why no call can be made any more. */
  #ended: LongshoreError | null = null;

  private constructor(
    socket: WebSocket,
    url: string,
    welcome: Extract<ConsoleFrame, { kind: 'welcome' }>,
    silenceMs: number,
  ) {
    this.#socket = socket;
    this.welcome = welcome;
    const onSilence = (): void => {
      this.#end(unreachable(url, new Error(`nothing was heard for ${silenceMs / 1_000} s`)));
      socket.terminate();
    };
    let silence = setTimeout(onSilence, silenceMs);
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(onSilence, silenceMs);
    };
    socket.on('ping', heard);
    socket.on('message', (data) => {
      heard();
      this.#receive(data);
    });
    socket.on('close', () => {
      clearTimeout(silence);
      this.#end(unreachable(url, new Error('the connection ended')));
    });
  }

  /** @throws UNREACHABLE, UNAUTHENTICATED */
  static open(credentials: Credentials, signal: AbortSignal, limits = LIMITS): Promise<ConsoleClient> {
    const url = urlBelow(credentials.url, CONSOLE_SOCKET_PATH);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      ...SOCKET_CLOSING,
      handshakeTimeout: limits.openMs,
      agent: outboundAgent(url, credentials.variables) || undefined,
      ...(credentials.ca === undefined ? {} : { ca: [...credentials.ca] }),
      headers: credentials.token === null ? {} : { authorization: `Bearer ${credentials.token}` },
    });
    return new Promise((resolve, reject) => {
      let welcoming: NodeJS.Timeout | undefined;
      const fail = (error: unknown): void => {
        clearTimeout(welcoming);
        signal.removeEventListener('abort', onAbort);
        socket.terminate();
        reject(error instanceof LongshoreError ? error : unreachable(credentials.url, error));
      };
      const onAbort = (): void => fail(new Error('interrupted'));
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', fail);
      socket.once('close', () => fail(new Error('the connection ended before the welcome')));
      socket.once('open', () => {
        welcoming = setTimeout(() => fail(new Error('the connection was opened, but not welcomed')), limits.openMs);
        if (credentials.token === null) socket.send(JSON.stringify({ kind: 'login', token: '' }));
      });
      socket.once('message', (data) => {
        const frame = decode(data);
        if (frame?.kind === 'refused') return fail(asError(frame.problem));
        if (frame?.kind !== 'welcome') return fail(new Error('the answer is not a console frame'));
        clearTimeout(welcoming);
        signal.removeEventListener('abort', onAbort);
        socket.off('error', fail);
        socket.removeAllListeners('close');
        socket.on('error', () => socket.terminate());
        resolve(new ConsoleClient(socket, credentials.url, frame, limits.silenceMs));
      });
    });
  }

  call(request: StartCall, onFrame: (frame: CallFrame) => void): RunningCall {
    const id = String(this.#next++);
    const finished = new Promise<number>((resolve, reject) => {
      if (this.#ended === null) this.#calls.set(id, { onFrame, resolve, reject });
      else reject(this.#ended);
    });
    // Whoever waits for it sees the failure; one that comes before anybody does must not end the command line.
    finished.catch(() => undefined);
    this.#send({ ...request, id });
    return { finished, send: (input) => this.#send({ ...input, id }) };
  }

  close(): void {
    this.#socket.close(1000);
  }

  #send(request: ConsoleRequest): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #receive(data: RawData): void {
    const frame = decode(data);
    if (frame === null || frame.kind === 'welcome') return;
    if (frame.kind === 'refused') {
      this.#end(asError(frame.problem));
      return;
    }
    const call = this.#calls.get(frame.id);
    if (call === undefined) return;
    if (frame.kind === 'done') {
      this.#calls.delete(frame.id);
      if (frame.problem === null) call.resolve(frame.exit);
      else call.reject(asError(frame.problem));
      return;
    }
    call.onFrame(frame);
    if (frame.kind === 'chunk')
      this.#send({ kind: 'credit', id: frame.id, bytes: Buffer.byteLength(frame.data, 'base64') });
  }

  #end(error: LongshoreError): void {
    this.#ended ??= error;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
  }
}

/** Frames of a newer coordinator that this version does not know are passed over. */
function decode(data: RawData): ConsoleFrame | null {
  let json: unknown;
  try {
    json = JSON.parse(
      Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Uint8Array).toString('utf8'),
    );
  } catch {
    return null;
  }
  const parsed = consoleFrameSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

function asError(found: {
  readonly code: LongshoreError['code'];
  readonly message: string;
  readonly hint: string;
  readonly details: LongshoreError['problem']['details'];
}): LongshoreError {
  return new LongshoreError(found.code, found.message, { hint: found.hint, details: found.details });
}
