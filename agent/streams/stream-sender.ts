/**
 * The sending half of one stream: cuts output into frames and keeps to the reader's credit and to the connection's
 * lane for data, so that a slow reader slows the container's output and nothing else.
 */
import type { Problem } from '../../fleet/errors.ts';
import { STREAM_CHUNK_BYTES } from '../../protocol/version.ts';
import type { Link } from '../session/connection.ts';
import { CreditWindow } from './credit-window.ts';

export class StreamSender {
  readonly id: string;
  readonly credit = new CreditWindow();
  readonly #link: Link;
  readonly #signal: AbortSignal;
  /** Outputs of several instances come at once; a stream sends one frame after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(id: string, link: Link, signal: AbortSignal) {
    this.id = id;
    this.#link = link;
    this.#signal = signal;
  }

  /** Resolves when the last frame has left; that is the backpressure. */
  send(fd: 1 | 2, data: Uint8Array): Promise<void> {
    this.#last = this.#last.then(() => this.#sendFrames(fd, data));
    return this.#last;
  }

  async end(exitCode: number | null, problem: Problem | null): Promise<void> {
    await this.#last;
    this.#link.send({ kind: 'stream-end', stream: this.id, exitCode, problem });
  }

  async #sendFrames(fd: 1 | 2, data: Uint8Array): Promise<void> {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let offset = 0; offset < bytes.length && !this.#signal.aborted; offset += STREAM_CHUNK_BYTES) {
      const part = bytes.subarray(offset, offset + STREAM_CHUNK_BYTES);
      await this.credit.take(part.length, this.#signal);
      if (this.#signal.aborted) return;
      await this.#link.sendData({ kind: 'stream-data', stream: this.id, fd, data: part.toString('base64') });
    }
  }
}
