/** Sizes as Docker writes them: `512m`, `1.5gb`, `1GiB`; units are powers of 1024, as in Compose. */

const EXPONENT: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Whole bytes (rounded down), or null where the text is no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) return null;
  const exponent = EXPONENT[(match[2] ?? '').toLowerCase()] ?? 0;
  const bytes = Math.floor(Number(match[1]) * 1024 ** exponent);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
