/**
 * Randomness that can be had again: a property test prints its seed, and LONGSHORE_SEED replays it. A run without it
 * has always the same seeds, so that a red one speaks of the change; `LONGSHORE_SEED=random` looks for new cases.
 */
export type Random = () => number;

/** mulberry32: small, and good enough to choose cases. @returns numbers in [0, 1) */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One seed to replay, or many that follow each other. */
export function seeds(count: number): readonly number[] {
  const given = process.env.LONGSHORE_SEED;
  if (given !== undefined && given !== 'random') return [Number(given)];
  const first = given === 'random' ? Date.now() % 1_000_000_000 : 1;
  return Array.from({ length: count }, (_, index) => first + index);
}

export function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

export const between = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1));
