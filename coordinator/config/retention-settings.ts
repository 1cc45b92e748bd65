/** How long the past is kept: durations as `90d`, sizes as `1GiB`, or `never` where nothing goes by itself. */
import { z } from 'zod';
import { parseDuration } from '../../compose/values/durations.ts';
import { parseSize } from '../../compose/values/sizes.ts';
import type { RetentionConfig } from '../retention/retention-config.ts';

const DAY_MS = 86_400_000;
/** 100 years. */
const LONGEST_MS = 36_525 * DAY_MS;
const LEAST_BYTES = 16 * 1024 ** 2;

const age = z.string({ error: 'is not a duration such as 90d, or never' }).transform((text, context) => {
  if (text === 'never') return null;
  const ms = parseDuration(text);
  if (ms !== null && ms >= DAY_MS && ms <= LONGEST_MS) return ms;
  const message = ms === null ? 'is not a duration such as 90d, or never' : 'must be from 1d to 36525d, or never';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const size = z.string({ error: 'is not a size such as 1GiB, or never' }).transform((text, context) => {
  if (text === 'never') return null;
  const bytes = parseSize(text);
  if (bytes !== null && bytes >= LEAST_BYTES) return bytes;
  context.addIssue({
    code: 'custom',
    message: bytes === null ? 'is not a size such as 1GiB, or never' : 'must be at least 16MiB, or never',
  });
  return z.NEVER;
});

const formOf =
  (keys: string) =>
  (issue: { readonly code?: string | undefined }): string | undefined =>
    issue.code === 'invalid_type' ? `takes ${keys}` : undefined;

export const eventsSchema = z
  .strictObject(
    {
      prune_after: age.prefault('90d'),
      prune_audit_after: age.prefault('730d'),
      prune_above: size.prefault('1GiB'),
    },
    { error: formOf('prune_after, prune_audit_after and prune_above') },
  )
  .prefault({});

export const deploymentsSchema = z
  .strictObject({ prune_after: age.prefault('90d') }, { error: formOf('prune_after') })
  .prefault({});

export function toRetention(
  events: z.output<typeof eventsSchema>,
  deployments: z.output<typeof deploymentsSchema>,
): RetentionConfig {
  return Object.freeze({
    eventsMs: events.prune_after,
    auditMs: events.prune_audit_after,
    eventsBytes: events.prune_above,
    deploymentsMs: deployments.prune_after,
  });
}
