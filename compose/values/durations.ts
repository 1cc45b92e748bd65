/** Durations as Compose writes them: `1m30s`, `250ms`, `1.5h`, and `d` and `w` besides. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What a timer of Node's can wait, in a unit that people write. Longer ones would end at once. */
export const LONGEST_DURATION_MS = 24 * 86_400_000;

/** Whole milliseconds (rounded, however many), or null where the text is no duration. `0` needs no unit. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)/g))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return Math.round(total);
}

/** The shortest text that `parseDuration` reads back to the same milliseconds. */
export function renderDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    const unitMs = UNIT_MS[unit] ?? 1;
    if (durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
