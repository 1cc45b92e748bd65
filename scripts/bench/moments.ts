// Durations out of a program's output: each part ends with the first line, after the part before, that says so. Pure.

export interface Line {
  readonly text: string;
  /** Since the program's start. */
  readonly ms: number;
}

export interface PartEnd {
  readonly name: string;
  readonly until: RegExp;
}

/** @returns name and seconds of each; null where a part's line is not there */
export function moments(
  lines: readonly Line[],
  parts: readonly PartEnd[],
): readonly (readonly [string, number])[] | null {
  const found: (readonly [string, number])[] = [];
  let at = 0;
  let beginMs = 0;
  for (const { name, until } of parts) {
    const index = lines.findIndex((line, position) => position >= at && until.test(line.text));
    const line = lines[index];
    if (line === undefined) return null;
    found.push([name, (line.ms - beginMs) / 1000]);
    beginMs = line.ms;
    at = index + 1;
  }
  return found;
}
