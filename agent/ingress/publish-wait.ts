/**
 * How long a publication takes to be everywhere. New requests read the new epoch at once; one that read the old epoch a
 * moment ago may not have dialled yet, and its instance must not be drained before it counts. So taking an address away
 * waits for those, adding one does not. Pure.
 */
import type { AnswerTable } from './answer-table.ts';

/** From reading the epoch to being counted takes Caddy some 0.1 ms; the rest is for a machine so busy that Caddy waits for a core. */
export const SETTLE_MS = 100;

export function settleMs(before: AnswerTable, after: AnswerTable): number {
  const takes = [...before.answers].some(([label, addresses]) => {
    const now = after.answers.get(label) ?? [];
    return addresses.some((address) => !now.includes(address));
  });
  return takes ? SETTLE_MS : 0;
}
