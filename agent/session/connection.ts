/**
 * One connection, from dialling to its end. It proves the host, then passes messages on and keeps the connection alive;
 * it ends by itself when nothing came for too long, and after half an hour. Its end is a value, never an exception.
 * When `runConnection` has resolved, the socket is closed, its timers are gone and `link.signal` is aborted.
 */
import { problem, type Problem } from '../../fleet/errors.ts';
import { silenceLimitMs } from '../../fleet/heartbeat.ts';
import {
  CLOSE,
  type AgentMessage,
  type AgentMessageOf,
  type CoordinatorMessage,
  type CoordinatorMessageOf,
} from '../../protocol/agent-messages.ts';
import { AGENT_SOCKET_PATH } from '../../protocol/version.ts';
import type { Clock } from '../clock.ts';
import type { Dial, FrameSocket, SocketEnd } from './frame-socket.ts';
import { answerChallenge, versionProblem, type HelloFacts, type SessionIdentity } from './handshake.ts';
import { binaryFrameProblem, readFrame } from './incoming.ts';
import { Outbound } from './outbound.ts';
import { connectionLifeMs, type ConnectionEnd } from './reconnect.ts';

/** An established connection, as those see it who speak over it. After its end, sending does nothing. */
export interface Link {
  readonly session: string;
  readonly signal: AbortSignal;
  readonly bufferedBytes: number;
  send(message: Exclude<AgentMessage, AgentMessageOf<'stream-data'>>): void;
  sendData(message: AgentMessageOf<'stream-data'>): Promise<void>;
}

/** Messages that are for others than the connection itself. */
export type OrderMessage = Exclude<
  CoordinatorMessage,
  CoordinatorMessageOf<'challenge' | 'welcome' | 'refused' | 'heartbeat' | 'unsupported'>
>;

export interface ConnectionDuties {
  readonly helloFacts: () => HelloFacts;
  readonly onWelcome: (link: Link, welcome: CoordinatorMessageOf<'welcome'>) => void;
  readonly onMessage: (link: Link, message: OrderMessage) => void;
  /** A frame that was not understood, or the coordinator's answer that it did not understand one of ours. */
  readonly onOddity: (found: Problem) => void;
  /** Somebody reads a log or types into a command: the connection is not dropped under them. */
  readonly isInUse: () => boolean;
  /** Each frame that came: the sign of life for whoever watches. */
  readonly onAlive: () => void;
}

export interface ConnectionOptions {
  readonly identity: SessionIdentity;
  readonly ca: readonly string[] | undefined;
  readonly userAgent: string;
  readonly dial: Dial;
  /** How long a coordinator may take until its welcome. */
  readonly handshakeMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

export const HANDSHAKE_MS = 30_000;
/** How long a drop is put off while a stream is open. */
const IN_USE_MS = 60_000;
/** Told of one connection. */
const MOST_FLAWS = 16;
/** How long the other side is given to answer a close. */
const CLOSING_MS = 2_000;

export async function runConnection(
  options: ConnectionOptions,
  duties: ConnectionDuties,
  signal: AbortSignal,
): Promise<ConnectionEnd> {
  const connection = new Connection(options, duties);
  return await connection.run(signal);
}

class Connection {
  readonly #options: ConnectionOptions;
  readonly #duties: ConnectionDuties;
  readonly #socket: FrameSocket;
  readonly #outbound: Outbound;
  readonly #over = new AbortController();
  readonly #closed: Promise<SocketEnd>;
  #phase: 'challenge' | 'welcome' | 'open' = 'challenge';
  /** Set by the side that ends the connection; null = the other side or the network did. */
  #end: ConnectionEnd | null = null;
  #link: Link | null = null;
  #invalidFrames = 0;
  readonly #flaws = new Set<string>();
  #receivedAtMs: number;
  #sentAtMs: number;

  constructor(options: ConnectionOptions, duties: ConnectionDuties) {
    this.#options = options;
    this.#duties = duties;
    this.#receivedAtMs = this.#sentAtMs = options.clock.now().monotonicMs;
    let onEnd: (end: SocketEnd) => void = () => undefined;
    this.#closed = new Promise((resolve) => (onEnd = resolve));
    this.#socket = options.dial(
      {
        url: `${options.identity.audience}${AGENT_SOCKET_PATH}`,
        ca: options.ca,
        userAgent: options.userAgent,
        handshakeTimeoutMs: options.handshakeMs,
      },
      {
        onFrame: (text) => this.#onFrame(text),
        onBinary: () => this.#close(CLOSE.invalidFrame, lost(CLOSE.invalidFrame, binaryFrameProblem)),
        onEnd,
      },
    );
    this.#outbound = new Outbound(
      this.#socket,
      () => (this.#sentAtMs = this.#nowMs()),
      (flaw) => this.#onFlaw(flaw),
    );
  }

  async run(signal: AbortSignal): Promise<ConnectionEnd> {
    const stop = (): void => this.#close(CLOSE.goingAway, { kind: 'stopped' });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void this.#limitHandshake();
    const end = await this.#closed;
    signal.removeEventListener('abort', stop);
    this.#over.abort();
    this.#outbound.end();
    return this.#end ?? lost(end.code, problem('UNREACHABLE', `${this.#operation()}: ${describeEnd(end)}`));
  }

  #onFrame(text: string): void {
    if (this.#end !== null) return;
    this.#receivedAtMs = this.#nowMs();
    this.#duties.onAlive();
    const incoming = readFrame(text, this.#invalidFrames);
    switch (incoming.kind) {
      case 'message':
        this.#onMessage(incoming.message);
        return;
      case 'answer':
        if (incoming.problem !== null) {
          this.#invalidFrames += 1;
          this.#duties.onOddity(incoming.problem);
        }
        if (incoming.answer !== null && incoming.answer.kind !== 'stream-data') this.#outbound.send(incoming.answer);
        return;
      case 'close':
        this.#duties.onOddity(incoming.problem);
        this.#close(CLOSE.invalidFrame, lost(CLOSE.invalidFrame, incoming.problem));
        return;
    }
  }

  #onMessage(message: CoordinatorMessage): void {
    switch (message.kind) {
      case 'challenge':
        this.#onChallenge(message);
        return;
      case 'welcome':
        this.#onWelcome(message);
        return;
      case 'refused':
        this.#close(CLOSE.refused, { kind: 'refused', problem: message.problem, retryAfterMs: message.retryAfterMs });
        return;
      case 'heartbeat':
        return;
      case 'unsupported':
        this.#duties.onOddity(problem('FRAME_INVALID', `the coordinator does not know frames of kind ${message.of}`));
        return;
      default:
        if (this.#link === null) this.#breach(message.kind);
        else this.#duties.onMessage(this.#link, message);
    }
  }

  #onChallenge(challenge: CoordinatorMessageOf<'challenge'>): void {
    // One proof a connection: a second challenge would make the agent a signing service for whoever is on the other end.
    if (this.#phase !== 'challenge') {
      this.#breach('challenge');
      return;
    }
    this.#phase = 'welcome';
    const answer = answerChallenge(challenge, this.#options.identity, this.#duties.helloFacts());
    if (answer.kind === 'hello') this.#outbound.send(answer.hello);
    else this.#close(CLOSE.refused, { kind: 'refused', problem: answer.problem, retryAfterMs: null });
  }

  #onWelcome(welcome: CoordinatorMessageOf<'welcome'>): void {
    if (this.#phase !== 'welcome') {
      this.#breach('welcome');
      return;
    }
    const mismatch = versionProblem(welcome);
    if (mismatch !== null) {
      this.#close(CLOSE.refused, { kind: 'refused', problem: mismatch, retryAfterMs: null });
      return;
    }
    this.#phase = 'open';
    const outbound = this.#outbound;
    this.#link = {
      session: welcome.session,
      signal: this.#over.signal,
      get bufferedBytes() {
        return outbound.bufferedBytes;
      },
      send: (message) => outbound.send(message),
      sendData: (message) => outbound.sendData(message),
    };
    void this.#keepAlive(welcome.heartbeatMs);
    this.#duties.onWelcome(this.#link, welcome);
  }

  /** Once for each: a report is sent again and again. */
  #onFlaw(flaw: string): void {
    if (this.#flaws.has(flaw) || this.#flaws.size >= MOST_FLAWS) return;
    this.#flaws.add(flaw);
    this.#duties.onOddity(problem('FRAME_INVALID', `left out of a frame to the coordinator: ${flaw}`));
  }

  /** A known kind at a time when it has no meaning: the other side is not a coordinator that works. */
  #breach(kind: string): void {
    const found = problem('FRAME_INVALID', `a frame of kind ${kind} came while the connection was at ${this.#phase}`);
    this.#duties.onOddity(found);
    this.#close(CLOSE.invalidFrame, lost(CLOSE.invalidFrame, found));
  }

  async #limitHandshake(): Promise<void> {
    await this.#options.clock.sleep(this.#options.handshakeMs, this.#over.signal);
    if (this.#over.signal.aborted || this.#phase === 'open') return;
    const found = problem(
      'TIMEOUT',
      `${this.#operation()}: no ${this.#phase} within ${this.#options.handshakeMs / 1000} s`,
    );
    this.#close(CLOSE.goingAway, lost(CLOSE.goingAway, found));
  }

  /** Heartbeats when nothing else was sent, an end to silence, and an end after half an hour. */
  async #keepAlive(heartbeatMs: number): Promise<void> {
    const { clock, random } = this.#options;
    const interval = Math.max(1_000, heartbeatMs);
    const silenceMs = silenceLimitMs(interval, random());
    let dropAtMs = this.#nowMs() + connectionLifeMs(random());
    while (!this.#over.signal.aborted && this.#end === null) {
      const now = this.#nowMs();
      if (now >= dropAtMs && this.#duties.isInUse()) dropAtMs = now + IN_USE_MS;
      if (now >= dropAtMs) {
        this.#close(CLOSE.goingAway, { kind: 'recycled' });
        return;
      }
      if (now - this.#receivedAtMs >= silenceMs) {
        const found = problem('TIMEOUT', `${this.#operation()}: nothing came for ${Math.round(silenceMs / 1000)} s`);
        this.#close(CLOSE.goingAway, lost(CLOSE.goingAway, found));
        return;
      }
      if (now - this.#sentAtMs >= interval) this.#outbound.send({ kind: 'heartbeat' });
      const next = Math.min(dropAtMs, this.#receivedAtMs + silenceMs, this.#sentAtMs + interval);
      await clock.sleep(Math.max(1, next - this.#nowMs()), this.#over.signal);
    }
  }

  /** The first reason stands; later ones are its consequences. */
  #close(code: number, end: ConnectionEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#socket.close(code, end.kind === 'lost' || end.kind === 'refused' ? end.problem.message : end.kind);
    void this.#options.clock.sleep(CLOSING_MS, this.#over.signal).then(() => this.#socket.destroy());
  }

  #operation(): string {
    return `connect to ${this.#options.identity.audience}`;
  }

  #nowMs(): number {
    return this.#options.clock.now().monotonicMs;
  }
}

const lost = (code: number, found: Problem): ConnectionEnd => ({ kind: 'lost', code, problem: found });

function describeEnd(end: SocketEnd): string {
  if (end.error !== null) return end.error;
  return end.reason === '' ? `the connection ended (${end.code})` : `the connection ended (${end.code}): ${end.reason}`;
}
