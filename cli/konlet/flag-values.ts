/** Values of gcloud's flags: lists with gcloud's own escape for commas, dictionaries, sizes. Pure. */

/** `a,b`, or `^:^a,x:b,y` with another separator than the comma (see `gcloud topic escaping`). */
export function listOf(text: string): readonly string[] {
  const [, separator, rest] = /^\^([^^]+)\^([\s\S]*)$/.exec(text) ?? [];
  const parts = separator === undefined ? text.split(',') : (rest ?? '').split(separator);
  return parts.filter((part) => part !== '');
}

/** Null where a part has no `=`. */
export function pairsOf(text: string): readonly (readonly [string, string])[] | null {
  const pairs: (readonly [string, string])[] = [];
  for (const part of listOf(text)) {
    const equals = part.indexOf('=');
    if (equals <= 0) return null;
    pairs.push([part.slice(0, equals), part.slice(equals + 1)]);
  }
  return pairs;
}

/** `50GB`, `50`, `1TB` to whole GB, rounded up; null where it is none. */
export function gigabytesOf(text: string): number | null {
  const [, digits, unit] = /^(\d+)\s*(|[KMGT]i?B?)$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return null;
  const factor = { K: 1e-6, M: 1e-3, G: 1, T: 1024 }[unit?.[0]?.toUpperCase() ?? 'G'] ?? 1;
  return Math.max(Math.ceil(Number(digits) * factor), 1);
}
