/**
 * What leaves over one connection, in two lanes. Control messages are handed to the socket at once. Data of log and
 * exec streams is handed over only while little is under way, one frame a stream in turn, so that a control message
 * waits behind at most DATA_AHEAD_BYTES of it, however much the streams have to say.
 */
import { encodeAgentMessage } from '../../protocol/codec.ts';
import type { AgentMessage, AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { FrameSocket } from './frame-socket.ts';

export const DATA_AHEAD_BYTES = 64 * 1024;

export class Outbound {
  readonly #socket: FrameSocket;
  readonly #onSent: () => void;
  readonly #onFlaw: (flaw: string) => void;
  /** Streams that wait for their turn, oldest first. */
  #waiting: (() => void)[] = [];
  #ended = false;

  /** @param onFlaw a part of a message was left out, or all of it, because the coordinator would not take it */
  constructor(socket: FrameSocket, onSent: () => void, onFlaw: (flaw: string) => void) {
    this.#socket = socket;
    this.#onSent = onSent;
    this.#onFlaw = onFlaw;
  }

  /** Nothing happens after the connection's end: who needs an answer asks again in the next session. */
  send(message: Exclude<AgentMessage, AgentMessageOf<'stream-data'>>): void {
    this.#write(message);
  }

  /** Resolves when the socket has taken the frame, or when the connection has ended. */
  async sendData(message: AgentMessageOf<'stream-data'>): Promise<void> {
    if (this.#ended) return;
    // Whoever comes while others wait goes behind them, also if there is room for one frame.
    if (this.#waiting.length > 0 || this.#socket.bufferedBytes >= DATA_AHEAD_BYTES) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#write(message);
  }

  /** Bytes that wait in the socket: above some hundred kilobytes the coordinator or the network is slow. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  end(): void {
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #write(message: AgentMessage): void {
    if (this.#ended) return;
    const { text, flaws } = encodeAgentMessage(message);
    if (text !== null) {
      this.#onSent();
      this.#socket.send(text, () => this.#flushed());
    }
    for (const flaw of flaws) this.#onFlaw(flaw);
  }

  #flushed(): void {
    if (this.#socket.bufferedBytes >= DATA_AHEAD_BYTES) return;
    this.#waiting.shift()?.();
  }
}
