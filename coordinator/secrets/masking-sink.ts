/**
 * A stream with its secrets masked, also where a value is cut in two by a chunk's end: of each source only so much is
 * held back as could be the beginning of a value. Bytes that are no text pass through unharmed (latin1 keeps each).
 */
import type { StreamSink } from '../commands.ts';
import { makeMask, spellingsOf } from '../../fleet/secret-mask.ts';

type Source = Parameters<StreamSink['chunk']>[0];

export interface MaskingSink extends StreamSink {
  /** Passes on what is still held back, when the sources have ended. */
  flush(): Promise<void>;
}

export function maskingSink(sink: StreamSink, values: readonly string[]): MaskingSink {
  // Compared byte by byte, so the values are spelled as their bytes are.
  const bytes = values.map((value) => Buffer.from(value, 'utf8').toString('latin1'));
  const mask = makeMask(bytes);
  const spellings = spellingsOf(bytes);
  const held = new Map<string, { readonly source: Source; readonly fd: 1 | 2; readonly text: string }>();
  const send = (source: Source, fd: 1 | 2, text: string): Promise<void> =>
    text === '' ? Promise.resolve() : sink.chunk(source, fd, Buffer.from(text, 'latin1'));
  return {
    holds: (bytes) => sink.holds?.(bytes),
    chunk: (source, fd, data) => {
      if (spellings.length === 0) return sink.chunk(source, fd, data);
      const key = `${source?.host ?? ''} ${source?.instance ?? ''} ${fd}`;
      const text = (held.get(key)?.text ?? '') + Buffer.from(data).toString('latin1');
      const cut = safeLength(text, spellings);
      held.set(key, { source, fd, text: text.slice(cut) });
      return send(source, fd, mask(text.slice(0, cut)));
    },
    flush: async () => {
      const rest = [...held.values()];
      held.clear();
      for (const { source, fd, text } of rest) await send(source, fd, mask(text));
    },
  };
}

/** So much can go: what is left could be the beginning of a value. A whole value is never cut. */
function safeLength(text: string, spellings: readonly string[]): number {
  let cut = text.length - longestBeginning(text, spellings);
  for (const spelling of spellings) {
    const start = text.indexOf(spelling, Math.max(0, cut - spelling.length + 1));
    if (start !== -1 && start < cut) cut = Math.max(cut, start + spelling.length);
  }
  return cut;
}

/** How many characters at the end could be the beginning of a value. */
function longestBeginning(text: string, spellings: readonly string[]): number {
  let longest = 0;
  for (const spelling of spellings) {
    for (let size = Math.min(spelling.length - 1, text.length); size > longest; size -= 1) {
      if (text.endsWith(spelling.slice(0, size))) longest = size;
    }
  }
  return longest;
}
