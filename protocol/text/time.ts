/** Durations and points in time for people. Pure: now is an argument. */

/** `850 ms`, `12 s`, `4 min`, `3 h`, `5 d`: the largest unit that says enough. */
export function renderDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

export function renderAgo(at: number | null, now: number): string {
  return at === null ? 'never' : at > now ? `in ${renderDuration(at - now)}` : `${renderDuration(now - at)} ago`;
}

/** `2026-11-21T07:29:40Z`, to the second. */
export function renderTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}
