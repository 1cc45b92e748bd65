/**
 * Docker's multiplexed stream (logs and exec without a terminal): frames of an eight-byte header, with the number of
 * the output and the length, and the bytes. Chunks cut it anywhere. A frame is passed on piece by piece as it comes,
 * so that a large one is never collected.
 */

export interface StreamPiece {
  readonly fd: 1 | 2;
  readonly data: Uint8Array;
  /** A frame begins with it. */
  readonly isStart: boolean;
}

const HEADER_BYTES = 8;

export class FrameParser {
  #header = new Uint8Array(0);
  #fd: 1 | 2 = 1;
  #left = 0;
  #isStart = false;

  /** The pieces that this chunk completes; they share its memory. */
  push(chunk: Uint8Array): readonly StreamPiece[] {
    const pieces: StreamPiece[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        const taken = HEADER_BYTES - this.#header.length;
        this.#header = concat(this.#header, rest.subarray(0, taken));
        rest = rest.subarray(taken);
        if (this.#header.length === HEADER_BYTES) this.#open(this.#header);
        continue;
      }
      const data = rest.subarray(0, this.#left);
      rest = rest.subarray(data.length);
      this.#left -= data.length;
      pieces.push({ fd: this.#fd, data, isStart: this.#isStart });
      this.#isStart = false;
    }
    return pieces;
  }

  #open(header: Uint8Array): void {
    this.#fd = header[0] === 2 ? 2 : 1;
    this.#left = new DataView(header.buffer, header.byteOffset, HEADER_BYTES).getUint32(4);
    this.#header = new Uint8Array(0);
    this.#isStart = true;
  }
}

/** All output of a stream, in order. With a terminal there are no frames: everything is output 1. */
export async function* streamPieces(
  source: AsyncIterable<Uint8Array>,
  tty: boolean,
): AsyncGenerator<StreamPiece, void> {
  const parser = new FrameParser();
  for await (const chunk of source) {
    if (tty) yield { fd: 1, data: chunk, isStart: false };
    else yield* parser.push(chunk);
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
