/**
 * Takes secret values out of text before it is shown or kept. Pure. Short values are left: masking `a` everywhere
 * would hide everything and protect nothing.
 */
const SHORTEST = 4;
export const MASK = '***';

/** @param values those to hide; in several spellings, since logs show JSON and base64 too */
export function makeMask(values: readonly string[]): (text: string) => string {
  const spellings = spellingsOf(values);
  if (spellings.length === 0) return (text) => text;
  const pattern = new RegExp(spellings.map(escapePattern).join('|'), 'g');
  return (text) => text.replaceAll(pattern, MASK);
}

/** Longest first, so that a value that holds another one is hidden whole. */
export function spellingsOf(values: readonly string[]): readonly string[] {
  const spellings = new Set<string>();
  for (const value of values) {
    for (const line of [value, ...value.split(/\r?\n/)]) {
      if (line.length < SHORTEST) continue;
      for (const spelling of [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line), base64(line)])
        spellings.add(spelling);
    }
  }
  return [...spellings].sort((a, b) => b.length - a.length);
}

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64').replace(/=+$/, '');
