/** A typed line -> words and flags. Quotes group; nothing is expanded. Pure. */
import { LongshoreError } from '../../fleet/errors.ts';

export interface Line {
  readonly words: readonly string[];
  /** `--rollback` -> '', `--note=x` -> 'x'. */
  readonly flags: Readonly<Record<string, string>>;
}

/** @throws INPUT_INVALID for a quote that does not end */
export function parseLine(text: string): Line {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (const word of splitWords(text)) {
    if (!word.startsWith('--')) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    if (equals === -1) flags[word.slice(2)] = '';
    else flags[word.slice(2, equals)] = word.slice(equals + 1);
  }
  return { words, flags };
}

function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (const char of text) {
    if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null)
    throw new LongshoreError('INPUT_INVALID', `the line has a ${quote} that does not end`, {
      hint: 'Close the quote.',
    });
  if (word !== null) words.push(word);
  return words;
}
