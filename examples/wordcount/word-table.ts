// Which words are frequent, in bounded memory. Exact as long as the text has few enough different words.
// Beyond that the rarest are dropped, and the highest count among the dropped is remembered: a word that is not in the
// table was seen at most so many times, so one that comes (back) carries that doubt along. Its true number lies in
// [count, count + doubt].

export interface FrequentWord {
  readonly word: string;
  /** Seen at least so many times. */
  readonly count: number;
  /** By so much the count may be too low; 0 = exact. */
  readonly doubt: number;
}

interface Entry {
  count: number;
  readonly doubt: number;
}

export interface WordTable {
  add(word: string): void;
  top(howMany: number): FrequentWord[];
  readonly exact: boolean;
}

/** Keeps at most `capacity` words. */
export function createWordTable(capacity: number): WordTable {
  const entries = new Map<string, Entry>();
  let floor = 0;
  return {
    add(word) {
      const known = entries.get(word);
      if (known !== undefined) {
        known.count += 1;
        return;
      }
      if (entries.size >= capacity) floor = dropRarest(entries);
      // A slice of a piece of text would keep the whole piece in memory for as long as the word is in the table.
      entries.set(Buffer.from(word).toString(), { count: 1, doubt: floor });
    },
    top: (howMany) =>
      [...entries]
        .map(([word, { count, doubt }]) => ({ word, count, doubt }))
        .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
        .slice(0, howMany),
    get exact() {
      return floor === 0;
    },
  };
}

/**
 * Drops the rarer half at least (all that are as rare as the median), so that its cost is spread over as many words.
 * Returns how often any word outside of the table may have been seen.
 */
function dropRarest(entries: Map<string, Entry>): number {
  const possible = Float64Array.from(entries.values(), ({ count, doubt }) => count + doubt).sort();
  const median = possible[possible.length >> 1] ?? 0;
  for (const [word, { count, doubt }] of entries) {
    if (count + doubt <= median) entries.delete(word);
  }
  return median;
}
