/** Untrusted query or body -> typed value, once; every problem at once, each with its path. */
import type { z } from 'zod';
import { boundedDetails } from '../../fleet/bounded-problem.ts';
import { boundedText } from '../../fleet/bounded-text.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';

/** @param what `body` or `query`; stands in the message */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, what: 'body' | 'query'): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const details = boundedDetails(
    parsed.error.issues.slice(0, 100).map((issue): ProblemDetail => ({
      path: pathText(issue.path),
      message: messageOf(issue),
      line: null,
      column: null,
    })),
  );
  const first = details[0];
  const summary = first === undefined ? '' : `: ${first.path === '' ? '' : `\`${first.path}\` `}${first.message}`;
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : '';
  throw new LongshoreError('INPUT_INVALID', `the ${what} is malformed${summary}${more}`, { details });
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has keys that are not known: ${someOf(issue.keys)}`;
  return issue.message;
}

/** Keys are the caller's own words: a few of them, cut, name the mistake. */
function someOf(keys: readonly string[]): string {
  const shown = keys.slice(0, MOST_KEYS).map((key) => boundedText(key, KEY_LENGTH));
  return keys.length > MOST_KEYS ? `${shown.join(', ')} and ${keys.length - MOST_KEYS} more` : shown.join(', ');
}

const MOST_KEYS = 20;
const KEY_LENGTH = 64;
