/** Cuts a stream of bytes into lines; a line may come in pieces, and a character may be cut in the middle. */
import { StringDecoder } from 'node:string_decoder';

export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  lines(data: Buffer): readonly string[] {
    const parts = (this.#held + this.#decoder.write(data)).split('\n');
    this.#held = parts.pop() ?? '';
    return parts.map((line) => line.replace(/\r$/, ''));
  }

  /** What came after the last line break. */
  rest(): string {
    const rest = this.#held + this.#decoder.end();
    this.#held = '';
    return rest;
  }
}
