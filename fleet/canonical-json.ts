/**
 * One spelling of a value as JSON: keys sorted, no white space, `undefined` left out. What is hashed or compared
 * (spec hashes, plan hashes, the chain of events) is spelled so; changing it changes every hash.
 */
import { compareText } from './compare-text.ts';

export function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const parts: string[] = [];
  for (const [key, item] of Object.entries(value).sort(([a], [b]) => compareText(a, b))) {
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(item)}`);
  }
  return `{${parts.join(',')}}`;
}
