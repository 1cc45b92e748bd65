// Counts a text that comes in pieces: all words, lines, characters, and the frequent words.
// A word is what stands between white space, as `wc -w` has it. Among the frequent words it is compared in lower case
// and without punctuation around it.
import { createWordTable, type FrequentWord } from './word-table.ts';

export interface WordCounts {
  readonly words: number;
  readonly lines: number;
  readonly characters: number;
  readonly frequent: readonly FrequentWord[];
  /** False where the text had more different words than are kept: then counts of single words are lower bounds. */
  readonly exact: boolean;
}

export interface WordCounter {
  /** Any piece of the text, cut anywhere between two characters. */
  add(text: string): void;
  finish(): WordCounts;
}

export interface WordCounterOptions {
  /** Different words that are told apart. */
  readonly distinctWords: number;
  readonly frequentWords: number;
}

// Longer "words" (a file without white space) count, but are not kept for the table.
const longestKept = 64;
const edges = /^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu;
const lineFeed = 10;

export function createWordCounter(options: WordCounterOptions): WordCounter {
  const table = createWordTable(options.distinctWords);
  let words = 0;
  let lineBreaks = 0;
  let characters = 0;
  let lastUnit = lineFeed;
  // A word that the end of a piece has cut: its start, and whether it is already too long to be kept.
  let open: string | undefined;
  let openTooLong = false;

  const tally = (raw: string): void => {
    words += 1;
    if (raw.length > longestKept) return;
    const word = comparable(raw);
    if (word !== '') table.add(word);
  };
  const keepOpen = (part: string): void => {
    openTooLong ||= (open ?? '').length + part.length > longestKept;
    open = openTooLong ? '' : (open ?? '') + part;
  };
  const endOpen = (): void => {
    if (open === undefined) return;
    if (openTooLong) words += 1;
    else tally(open);
    open = undefined;
    openTooLong = false;
  };

  return {
    add(text) {
      let start = 0;
      for (let at = 0; at < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        // The second half of a pair: the character has been counted.
        if (unit < 0xdc00 || unit > 0xdfff) characters += 1;
        if (!isSpace(unit)) continue;
        if (unit === lineFeed) lineBreaks += 1;
        if (start === 0 && open !== undefined) {
          keepOpen(text.slice(0, at));
          endOpen();
        } else if (at > start) tally(text.slice(start, at));
        start = at + 1;
      }
      if (start < text.length) keepOpen(text.slice(start));
      if (text.length > 0) lastUnit = text.charCodeAt(text.length - 1);
    },
    finish() {
      endOpen();
      // The last line counts also where nothing ends it.
      const lines = lineBreaks + (lastUnit === lineFeed ? 0 : 1);
      return { words, lines, characters, frequent: table.top(options.frequentWords), exact: table.exact };
    },
  };
}

/** The white space of Unicode, cheap for the common case. */
function isSpace(unit: number): boolean {
  if (unit > 32 && unit < 128) return false;
  if (unit <= 32) return unit === 32 || (unit >= 9 && unit <= 13);
  return (
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  );
}

/** As words are compared: in lower case, without punctuation around. Common words take the quick ways. */
function comparable(raw: string): string {
  let folded = true;
  for (let at = 0; at < raw.length && folded; at += 1) folded = isLowerOrDigit(raw.charCodeAt(at));
  if (folded) return raw;
  const lower = raw.toLowerCase();
  const clean = isLowerOrDigit(lower.charCodeAt(0)) && isLowerOrDigit(lower.charCodeAt(lower.length - 1));
  return clean ? lower : lower.replace(edges, '');
}

function isLowerOrDigit(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57);
}
