/**
 * The sending half of one stream: cuts output into frames and keeps to the reader's credit and to the connection's
 * lane for data, so that a slow reader slows the container's output and nothing else.
 */
import type { Problem } from '../../fleet/errors.ts';
import { CreditWindow } from '../../protocol/credit-window.ts';
import { STREAM_CHUNK_BYTES } from '../../protocol/version.ts';
import type { Link } from '../session/connection.ts';

/** The instance that a part of a log comes from. */
export interface StreamSource {
  readonly service: string;
  readonly instance: string;
}

export class StreamSender {
  readonly id: string;
  readonly credit: CreditWindow;
  readonly #link: Link;
  readonly #signal: AbortSignal;
  /** Outputs of several instances come at once; a stream sends one frame after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(id: string, link: Link, signal: AbortSignal) {
    this.id = id;
    this.#link = link;
    this.#signal = signal;
    this.credit = new CreditWindow(signal);
  }

  /** Resolves when the last frame has left; that is the backpressure. */
  send(fd: 1 | 2, data: Uint8Array, source: StreamSource | null = null): Promise<void> {
    this.#last = this.#last.then(() => this.#sendFrames(fd, data, source));
    return this.#last;
  }

  async end(exitCode: number | null, problem: Problem | null): Promise<void> {
    await this.#last;
    this.#link.send({ kind: 'stream-end', stream: this.id, exitCode, problem });
  }

  async #sendFrames(fd: 1 | 2, data: Uint8Array, source: StreamSource | null): Promise<void> {
    const isOver = (): boolean => this.#signal.aborted;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let offset = 0; offset < bytes.length && !isOver(); offset += STREAM_CHUNK_BYTES) {
      const part = bytes.subarray(offset, offset + STREAM_CHUNK_BYTES);
      if (!(await this.credit.take(part.length))) return;
      await this.#link.sendData({
        kind: 'stream-data',
        stream: this.id,
        fd,
        data: part.toString('base64'),
        ...(source === null ? {} : { source }),
      });
    }
  }
}
