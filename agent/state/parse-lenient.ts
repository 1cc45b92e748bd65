/**
 * Parses a value that this agent, or the one after or before it, wrote itself: keys that the schema does not know are
 * left out instead of refused, so that a file of a newer agent can be read after going back. Pure.
 */
import type { z } from 'zod';

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** Where and why, for people. */
  | { readonly kind: 'refused'; readonly reason: string };

export function parseLenient<T>(schema: z.ZodType<T>, value: unknown): Parsed<T> {
  let input = value;
  // Each round takes away the keys found unknown so far; new ones can appear below them.
  for (;;) {
    const result = schema.safeParse(input);
    if (result.success) return { kind: 'value', value: result.data };
    const { issues } = result.error;
    for (const issue of issues) {
      if (issue.code !== 'unrecognized_keys') {
        const where = issue.path.map(String).join('.');
        return { kind: 'refused', reason: `${where === '' ? 'it' : where} ${issue.message}` };
      }
      input = without(input, issue.path, issue.keys);
    }
  }
}

function without(value: unknown, path: readonly PropertyKey[], keys: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [head, ...rest] = path;
  if (head === undefined) return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
  const step = (key: string, inner: unknown): unknown => (key === String(head) ? without(inner, rest, keys) : inner);
  if (Array.isArray(value)) return value.map((inner, index) => step(String(index), inner));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, step(key, inner)]));
}
