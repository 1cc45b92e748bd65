/**
 * One accepted connection of an agent, from the challenge to its end.
 *
 *   hello -> admitting -> open -> ended      (each of them may end at once)
 *
 * It reads frames, keeps to the agent's budget, answers what it does not know, and ends whoever breaks the rules; what
 * a message means is its owner's business. After the end it sends nothing.
 */
import type { Problem } from '../../fleet/errors.ts';
import { problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { CLOSE } from '../../protocol/agent-messages.ts';
import type {
  AgentMessage,
  AgentMessageOf,
  CoordinatorMessage,
  CoordinatorMessageOf,
} from '../../protocol/agent-messages.ts';
import { decodeAgentMessage, encode } from '../../protocol/codec.ts';
import { PROVEN_BOUNDS, UNPROVEN_BOUNDS } from '../../protocol/json-bounds.ts';
import { PROTOCOL } from '../../protocol/version.ts';
import type { AgentSocket, AgentSocketEvents } from './agent-socket.ts';
import { AgentStreams } from './agent-streams.ts';
import { FrameBudget } from './frame-budget.ts';
import { HeldSecrets } from './held-secrets.ts';
import { SentAssignment } from './sent-assignment.ts';

/** What the store gave this session, once it is open. */
export interface OpenSession {
  readonly host: HostId;
  readonly name: string;
  readonly process: string;
  readonly epoch: number;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  /** Order on the agent's disk when it said hello. */
  readonly order: AgentMessageOf<'hello'>['order'];
  /** Boot of its machine; null = the agent did not say. */
  readonly boot: string | null;
}

export type OpenMessage = Exclude<AgentMessage, AgentMessageOf<'hello' | 'heartbeat'>>;

export interface ConnectionDuties {
  readonly onHello: (connection: AgentConnection, hello: AgentMessageOf<'hello'>) => void;
  readonly onMessage: (connection: AgentConnection, session: OpenSession, message: OpenMessage) => void;
  /** Something that it sent was left out, because it was not of its form; the rest counts and the connection stays. */
  readonly onFlaw: (connection: AgentConnection, reason: Problem) => void;
  /** It broke the rules and is being closed. */
  readonly onBreach: (connection: AgentConnection, reason: Problem) => void;
  /** It was turned away before it had proven anything. */
  readonly onTurnedAway: (connection: AgentConnection) => void;
  readonly onEnd: (connection: AgentConnection, code: number) => void;
  readonly onFrame: (direction: 'in' | 'out', kind: string) => void;
  readonly now: () => number;
}

/** Of one frame: one cause often has many. */
const FLAWS_TOLD = 4;
/** An agent that lets so much pile up reads no more; what it needs it gets in its next session. */
const MOST_BUFFERED_BYTES = 32 * 1024 * 1024;

export class AgentConnection {
  readonly socket: AgentSocket;
  readonly challenge: { readonly nonce: string; readonly audience: string };
  readonly #duties: ConnectionDuties;
  readonly #budget: FrameBudget;
  #phase: 'hello' | 'admitting' | 'open' | 'ended' = 'hello';
  #session: OpenSession | null = null;
  #streams: AgentStreams | null = null;
  #resume: NodeJS.Timeout | null = null;
  receivedAt: number;
  sentAt: number;
  /** Number of the newest report of this session. */
  reportSeq = 0;
  /** What the agent named in its hello. */
  readonly capabilities = new Set<string>();
  readonly heldSecrets = new HeldSecrets();
  /** Registries whose credential it holds, by its hello and by what it was sent. */
  readonly heldRegistries = new Set<string>();
  /** Those whose credential it was sent in this session, as it is now. */
  readonly sentRegistries = new Set<string>();
  readonly assigned = new SentAssignment();

  constructor(socket: AgentSocket, challenge: AgentConnection['challenge'], duties: ConnectionDuties) {
    this.socket = socket;
    this.challenge = challenge;
    this.#duties = duties;
    const now = duties.now();
    this.receivedAt = this.sentAt = now;
    this.#budget = new FrameBudget(now);
  }

  get session(): OpenSession | null {
    return this.#session;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** Only while open. */
  get streams(): AgentStreams | null {
    return this.#streams;
  }

  /** Sends the challenge and answers who listens to the socket. */
  begin(): AgentSocketEvents {
    this.#write({ kind: 'challenge', ...this.challenge, protocol: { ...PROTOCOL } });
    return {
      onFrame: (text) => this.#onFrame(text),
      onBinary: () => this.#breach(problem('FRAME_INVALID', 'a frame is binary; frames are text')),
      onEnd: (code) => this.#onEnd(code),
    };
  }

  /** @returns false where the connection ended meanwhile */
  open(session: OpenSession, welcome: CoordinatorMessageOf<'welcome'>): boolean {
    if (this.#phase !== 'admitting') return false;
    this.#phase = 'open';
    this.socket.admitted();
    this.#session = session;
    this.#streams = new AgentStreams({
      name: session.name,
      send: (message) => this.send(message),
      sendSlowly: (message) => this.sendSlowly(message),
    });
    this.#write(welcome);
    return true;
  }

  refuse(reason: Problem, retryAfterMs: number | null): void {
    if (this.#phase === 'ended') return;
    if (this.#phase !== 'open') this.#duties.onTurnedAway(this);
    this.#write({ kind: 'refused', problem: reason, retryAfterMs });
    this.close(reason.code === 'HOST_REMOVED' ? CLOSE.removed : CLOSE.refused, reason.code);
  }

  send(message: CoordinatorMessage): void {
    if (this.#phase !== 'open') return;
    this.#write(message);
    if (this.socket.bufferedBytes > MOST_BUFFERED_BYTES) this.socket.destroy();
  }

  async sendSlowly(message: CoordinatorMessage): Promise<void> {
    if (this.#phase !== 'open') return;
    this.sentAt = this.#duties.now();
    this.#duties.onFrame('out', message.kind);
    await this.socket.sendSlowly(encode(message));
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
    this.#onEnd(code);
  }

  /** The peer is not there any more: nobody would answer a close. */
  destroy(): void {
    this.socket.destroy();
    this.#onEnd(1006);
  }

  #onFrame(text: string): void {
    if (this.#phase === 'ended') return;
    const now = this.#duties.now();
    this.receivedAt = now;
    const isProven = this.#phase === 'open';
    const decoded = decodeAgentMessage(text, isProven ? PROVEN_BOUNDS : UNPROVEN_BOUNDS);
    if (this.#phase === 'hello' && !(decoded.kind === 'message' && decoded.message.kind === 'hello')) {
      this.#duties.onFrame('in', 'invalid');
      this.#breach(decoded.kind === 'invalid' ? decoded.problem : problem('FRAME_INVALID', 'no hello came first'));
      return;
    }
    switch (decoded.kind) {
      case 'message':
        this.#duties.onFrame('in', decoded.message.kind);
        for (const flaw of decoded.flaws.slice(0, FLAWS_TOLD)) this.#flaw(flaw);
        this.#onMessage(decoded.message);
        if (decoded.message.kind !== 'stream-data') this.#slowDown(now);
        return;
      case 'unsupported':
        this.#duties.onFrame('in', 'unknown');
        this.#write({ kind: 'unsupported', of: decoded.of });
        this.#slowDown(now);
        return;
      case 'invalid':
        this.#duties.onFrame('in', 'invalid');
        this.#onInvalid(decoded.of, decoded.problem);
        this.#slowDown(now);
        return;
    }
  }

  /**
   * One frame that is not of its form is left out, not the host: it would send the same after each reconnect. Without a
   * session, or without the number of a report, there is nothing to go on with.
   */
  #onInvalid(of: string | null, reason: Problem): void {
    if (this.#phase !== 'open' || of === null || of === 'hello' || of === 'report') this.#breach(reason);
    else this.#duties.onFlaw(this, reason);
  }

  #flaw(text: string): void {
    if (this.#phase === 'open') this.#duties.onFlaw(this, problem('FRAME_INVALID', `left out of a report: ${text}`));
  }

  #onMessage(message: AgentMessage): void {
    if (message.kind === 'heartbeat') return;
    if (message.kind === 'hello') {
      // A nonce is taken once: a second hello finds none.
      if (this.#phase !== 'hello') this.#breach(problem('FRAME_INVALID', 'a second hello on one connection'));
      else {
        this.#phase = 'admitting';
        this.#duties.onHello(this, message);
      }
      return;
    }
    if (this.#session === null)
      this.#breach(problem('FRAME_INVALID', `a frame \`${message.kind}\` before the welcome`));
    else this.#duties.onMessage(this, this.#session, message);
  }

  /** Ends the connection for a frame that may not be. */
  #breach(reason: Problem): void {
    if (this.#phase === 'ended') return;
    this.#duties.onBreach(this, reason);
    if (this.#phase !== 'open') this.#duties.onTurnedAway(this);
    this.#write({ kind: 'refused', problem: reason, retryAfterMs: null });
    this.close(CLOSE.invalidFrame, reason.code);
  }

  breach(reason: Problem): void {
    this.#breach(reason);
  }

  #slowDown(now: number): void {
    const waitMs = this.#budget.take(now);
    if (waitMs === 0 || this.#resume !== null || this.hasEnded) return;
    this.socket.pause();
    this.#resume = setTimeout(() => {
      this.#resume = null;
      this.socket.resume();
    }, waitMs);
  }

  #onEnd(code: number): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    if (this.#resume !== null) clearTimeout(this.#resume);
    // A paused socket would never read the peer's close.
    this.socket.resume();
    this.#streams?.connectionEnded();
    this.#duties.onEnd(this, code);
  }

  #write(message: CoordinatorMessage): void {
    if (this.#phase === 'ended') return;
    this.sentAt = this.#duties.now();
    this.#duties.onFrame('out', message.kind);
    this.socket.send(encode(message));
  }
}
