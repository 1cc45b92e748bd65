// Percentiles and medians of samples. Pure.

/**
 * The smallest sample that at least `part` of all do not exceed (nearest rank): a value that was measured, never one in
 * between.
 * @param part in (0, 1]
 */
export function percentile(samples: readonly number[], part: number): number {
  if (samples.length === 0) throw new Error('a percentile of no samples');
  if (!(part > 0 && part <= 1)) throw new Error(`percentile ${part}: not in (0, 1]`);
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

/** The one in the middle; between the two in the middle where their number is even. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error('a median of no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
