/** The short form of a mount: `[SOURCE:]TARGET[:OPTIONS]`. */

export interface VolumeText {
  readonly source: string | null;
  readonly target: string;
  readonly options: readonly string[];
}

/** Null where there are too many parts or one of them is empty. */
export function parseVolumeText(text: string): VolumeText | null {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) return null;
  const [first, second, third] = parts;
  if (first === undefined) return null;
  if (second === undefined) return { source: null, target: first, options: [] };
  return { source: first, target: second, options: third === undefined ? [] : third.split(',') };
}
