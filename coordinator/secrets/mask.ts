/**
 * Takes secret values out of text before it is shown or kept. Pure. Short values are left: masking `a` everywhere
 * would hide everything and protect nothing.
 */
const SHORTEST = 4;
export const MASK = '***';

/** @param values those to hide; in several spellings, since logs show JSON and base64 too */
export function makeMask(values: readonly string[]): (text: string) => string {
  const spellings = new Set<string>();
  for (const value of values) {
    for (const line of [value, ...value.split(/\r?\n/)]) {
      for (const spelling of [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line), base64(line)]) {
        if (spelling.length >= SHORTEST && line.length >= SHORTEST) spellings.add(spelling);
      }
    }
  }
  if (spellings.size === 0) return (text) => text;
  // Longest first, so that a value that holds another one is hidden whole.
  const pattern = new RegExp(
    [...spellings]
      .sort((a, b) => b.length - a.length)
      .map(escapePattern)
      .join('|'),
    'g',
  );
  return (text) => text.replaceAll(pattern, MASK);
}

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '');
