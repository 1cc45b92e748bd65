/**
 * The order in which an app's releases served as a whole: for each the one before it, null for the first. Going back to
 * one takes those after it out of the way: what was rolled back from is never what the next rollback goes to. Pure.
 */
export type ServedOrder = ReadonlyMap<number, number | null>;

/** @returns the releases that served before this one, nearest first */
export function servedBefore(order: ServedOrder, release: number): readonly number[] {
  const before: number[] = [];
  for (let next = order.get(release) ?? null; next !== null; next = order.get(next) ?? null) {
    if (next === release || before.includes(next)) break;
    before.push(next);
  }
  return before;
}

/** @returns after which release `next` serves, where it takes over from `current` */
export function servesAfter(order: ServedOrder, current: number | null, next: number): number | null {
  if (current === null) return null;
  const isBack = current === next || servedBefore(order, current).includes(next);
  return isBack ? (order.get(next) ?? null) : current;
}
