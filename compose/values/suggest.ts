/** "Did you mean": the nearest known word, if it is near. */

/** Of longer lists only the beginning is compared. */
const MAX_CANDIDATES = 200;

export function nearest(word: string, known: Iterable<string>): string | null {
  const limit = word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3;
  const wanted = normal(word);
  let best: string | null = null;
  let bestDistance = limit + 1;
  let compared = 0;
  for (const candidate of known) {
    if (compared >= MAX_CANDIDATES) break;
    compared += 1;
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const distance = editDistance(wanted, normal(candidate), limit);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

export function suggestion(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === null ? '' : ` (did you mean "${found}"?)`;
}

/** For rules that may find thousands of wrong words: the first 20 get a suggestion. */
export function suggestionsFrom(known: readonly string[]): (word: string) => string {
  let left = 20;
  return (word) => {
    left -= 1;
    return left < 0 ? '' : suggestion(word, known);
  };
}

const normal = (word: string): string => word.slice(0, 80).toLowerCase().replaceAll('-', '_');

/** Levenshtein, with the swap of two neighbours counted as one; anything above `limit` once it is passed for certain. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    if (Math.min(...row) > limit && Math.min(...last) > limit) return limit + 1;
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
