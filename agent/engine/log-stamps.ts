/**
 * The moments that the engine writes before each line of a log when asked to (`timestamps=1`): taken off again, and the
 * newest kept, so that a later reading can go on exactly behind it. Pure.
 *
 *   - without a terminal each frame begins with one
 *   - with a terminal there are no frames: one stands at the beginning of each line, and where the engine cut a long line
 *   - what does not look like a moment is output
 */
import type { StreamPiece } from './stream-frames.ts';

/** `2026-01-02T03:04:05.123456789Z`; they sort as text. */
export type LogMoment = string;

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;
const STAMP_BYTES = 30;
const SPACE = 0x20;
const NEWLINE = 0x0a;
/** The engine cuts a line that is longer. */
const LONGEST_PART = 16 * 1024;

export class LogStamps {
  readonly #tty: boolean;
  /** What may become a moment; null = output comes. */
  #held: readonly number[] | null = [];
  #sinceStamp = 0;
  #newest: LogMoment | null = null;

  constructor(tty: boolean) {
    this.#tty = tty;
  }

  get newest(): LogMoment | null {
    return this.#newest;
  }

  /** The output in this piece; empty where it holds a part of a moment only. */
  take(piece: StreamPiece): Uint8Array {
    if (!this.#tty && piece.isStart) this.#held = [];
    const output: Uint8Array[] = [];
    let rest = piece.data;
    while (rest.length > 0)
      rest = this.#held === null ? this.#copy(rest, output) : this.#hold(rest, this.#held, output);
    return joined(output);
  }

  #hold(rest: Uint8Array, held: readonly number[], output: Uint8Array[]): Uint8Array {
    const wanted = rest.subarray(0, STAMP_BYTES + 1 - held.length);
    const now = [...held, ...wanted];
    const left = rest.subarray(wanted.length);
    const mayBe = now.every((byte, at) => isStampByte(byte, at));
    if (mayBe && now.length <= STAMP_BYTES) {
      this.#held = now;
      return left;
    }
    this.#held = null;
    this.#sinceStamp = 0;
    const text = String.fromCharCode(...now.slice(0, STAMP_BYTES));
    if (mayBe && STAMP.test(text)) {
      if (this.#newest === null || text > this.#newest) this.#newest = text;
      return left;
    }
    this.#copyAll(Uint8Array.from(held), output);
    return rest;
  }

  /** Up to where the next moment may stand. */
  #copy(rest: Uint8Array, output: Uint8Array[]): Uint8Array {
    if (!this.#tty) return this.#copyAll(rest, output);
    const newline = rest.indexOf(NEWLINE);
    const length = Math.min(newline === -1 ? rest.length : newline + 1, LONGEST_PART - this.#sinceStamp);
    output.push(rest.subarray(0, length));
    this.#sinceStamp += length;
    if (length - 1 === newline || this.#sinceStamp === LONGEST_PART) this.#held = [];
    return rest.subarray(length);
  }

  #copyAll(part: Uint8Array, output: Uint8Array[]): Uint8Array {
    this.#sinceStamp += part.length;
    if (part.length > 0) output.push(part);
    return part.subarray(part.length);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isStampByte(byte: number, at: number): boolean {
  if (at === STAMP_BYTES) return byte === SPACE;
  return (byte >= 0x30 && byte <= 0x3a) || byte === 0x2d || byte === 0x2e || byte === 0x54 || byte === 0x5a;
}

/** The engine's `since` takes what is at the moment as well: the next nanosecond, as seconds. */
export function secondsAfter(moment: LogMoment): string {
  const nanos = Number(moment.slice(20, 29)) + 1;
  const seconds = Date.parse(`${moment.slice(0, 19)}Z`) / 1_000 + Math.floor(nanos / 1e9);
  return `${seconds}.${String(nanos % 1e9).padStart(9, '0')}`;
}
