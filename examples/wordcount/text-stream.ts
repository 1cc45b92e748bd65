// Bytes to text: strict UTF-8, no control characters, and never more than allowed. Works on any stream of chunks, so
// that the size of a file never shows in memory.
import type { WordCounter } from './word-counter.ts';
import { Refusal } from './refusal.ts';

// Control characters that no text file has; tab, line ends, form feed, backspace and escape occur in real ones.
// eslint-disable-next-line no-control-regex -- the control characters are what is looked for
const binary = /[\u0000-\u0007\u000e-\u001a\u001c-\u001f]/;

/** Feeds `counter`; throws a Refusal where the bytes are no text or too many. */
export async function countText(
  chunks: AsyncIterable<Uint8Array>,
  counter: WordCounter,
  maxBytes: number,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw Refusal.tooLarge(maxBytes);
    feed(() => decoder.decode(chunk, { stream: true }), counter);
  }
  feed(() => decoder.decode(), counter);
}

function feed(decode: () => string, counter: WordCounter): void {
  let text: string;
  try {
    text = decode();
  } catch {
    throw new Refusal(415, 'not-utf-8', 'The file is not UTF-8. Save it as UTF-8 text and try again.');
  }
  if (binary.test(text)) {
    throw new Refusal(415, 'not-text', 'The file holds binary data. Only plain text can be counted.');
  }
  counter.add(text);
}
