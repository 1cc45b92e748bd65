/**
 * Bounds of a JSON text that are checked before it is parsed: what is small in bytes can still be deep, or be made of
 * hundreds of thousands of keys, each of which costs far more than its bytes once a schema looks at it.
 */
import { FRAME_LIMIT_BYTES } from './version.ts';

export interface JsonBounds {
  readonly bytes: number;
  /** Lists and objects within one another. */
  readonly depth: number;
  /** Keys and values together, roughly: every `:`, `,`, `[` and `{` outside of texts. */
  readonly parts: number;
}

/** Of whom nothing is known yet: bodies of public routes, the first frames of a connection. */
export const UNPROVEN_BOUNDS: JsonBounds = { bytes: 16 * 1024, depth: 16, parts: 2_000 };
/** Of a host or a person that has proven who it is. The largest reports and app files keep well within. */
export const PROVEN_BOUNDS: JsonBounds = { bytes: FRAME_LIMIT_BYTES, depth: 64, parts: 250_000 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One pass without recursion. @returns which bound the text is beyond; null = none, it may still be no JSON */
export function beyondBounds(text: string, bounds: JsonBounds): string | null {
  if (text.length > bounds.bytes) return `is larger than ${bounds.bytes / 1024} KiB`;
  let depth = 0;
  let parts = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfText(text, index);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        parts += 1;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
      case 0x3a: // :
        parts += 1;
        break;
    }
    if (depth > bounds.depth) return `is nested more than ${bounds.depth} deep`;
    if (parts > bounds.parts) return `has more than ${bounds.parts} keys and values`;
  }
  return null;
}

/** Place of the quote that ends the text; the end of all where none does. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
