/**
 * Puts a name before each line, so that the outputs of several instances can share one stream. Holds back a line that is
 * not complete yet, so that two instances never write into one line; a very long line is passed on in parts.
 */
const LONGEST_HELD_BYTES = 16 * 1024;
const NEWLINE = 10;

export class LinePrefixer {
  readonly #prefix: Buffer;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(name: string) {
    this.#prefix = Buffer.from(`${name} | `, 'utf8');
  }

  /** Complete lines with their prefix; empty where there is none yet. */
  push(data: Uint8Array): Buffer {
    const out: Buffer[] = [];
    let rest = Buffer.from(data);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#hold(rest.subarray(0, end + 1));
      out.push(this.flush());
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#hold(rest);
    if (this.#heldBytes >= LONGEST_HELD_BYTES) out.push(this.flush());
    return Buffer.concat(out);
  }

  /** What is held, ended by a newline: the instance has ended, or the line is too long. */
  flush(): Buffer {
    if (this.#heldBytes === 0) return Buffer.alloc(0);
    const line = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    const isWhole = line.at(-1) === NEWLINE;
    return Buffer.concat(isWhole ? [this.#prefix, line] : [this.#prefix, line, Buffer.from('\n')]);
  }

  #hold(part: Buffer): void {
    this.#held.push(part);
    this.#heldBytes += part.length;
  }
}
