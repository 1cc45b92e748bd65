import { createHash } from 'node:crypto';

/** For names that follow from a content: two that take over from one another differ, since both are there for a while. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
