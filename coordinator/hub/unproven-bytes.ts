/**
 * Counts what a connection sends before it has proven anything, framing and control frames included, so that a frame of
 * megabytes is not even collected: a WebSocket server has one limit for all frames, and that one is for those who are in.
 */
import type { Socket } from 'node:net';
import { UNPROVEN_BOUNDS } from '../../protocol/json-bounds.ts';

/** Room for framing and pings. */
const MOST_BYTES = UNPROVEN_BOUNDS.bytes + 4 * 1024;

export class UnprovenBytes {
  readonly #socket: Socket;
  readonly #count: (chunk: Buffer) => void;

  /**
   * @param received bytes that came before
   * @param onExcess says so to the peer; the socket ends when that is written, whatever else it sends
   */
  constructor(socket: Socket, received: number, onExcess: () => void) {
    this.#socket = socket;
    let left = MOST_BYTES - received;
    this.#count = (chunk) => {
      left -= chunk.length;
      if (left >= 0) return;
      this.stop();
      onExcess();
      socket.destroySoon();
    };
    socket.on('data', this.#count);
  }

  /** It has proven who it is. */
  stop(): void {
    this.#socket.off('data', this.#count);
  }
}
