/** `restart` and `deploy.restart_policy`; null where neither is stated. */
import type { RestartPolicy } from '../../fleet/app-spec.ts';
import { fields, ignored, type KeyTable } from './key-table.ts';
import { choice, type Cursor, fail, failKey, integerIn, readIf, readOr, readTextIfFilled } from './read.ts';

const SPACING = 'Docker spaces the restarts itself, and a restart loop is found and named';

export const RESTART_POLICY_KEYS = {
  condition: 'read',
  max_attempts: 'read',
  delay: ignored(SPACING),
  window: ignored(SPACING),
} satisfies KeyTable;

export function readRestart(restart: Cursor | undefined, policy: Cursor | undefined): RestartPolicy | null {
  const short = readIf(restart, readShort);
  const long = readIf(policy, readPolicy);
  // "any" says no more than that it is kept running.
  if (short !== null && long?.name === 'unless-stopped' && short.name === 'always') return short;
  if (short !== null && long !== null && restart !== undefined)
    if (short.name !== long.name || short.maxAttempts !== long.maxAttempts)
      failKey(restart, 'says something else than deploy.restart_policy; keep one of them');
  return long ?? short;
}

function readShort(cursor: Cursor): RestartPolicy | null {
  // Unquoted `no` is text in YAML 1.2 and false in older tools.
  if (cursor.tree.kind === 'scalar' && cursor.tree.value === false) return { name: 'no', maxAttempts: 0 };
  const text = readTextIfFilled(cursor);
  if (text === null) return null;
  const match = /^(no|always|unless-stopped|on-failure)(?::(\d{1,6}))?$/.exec(text);
  const [, name, attempts] = match ?? [];
  if (name === 'on-failure') return { name, maxAttempts: Number(attempts ?? 0) };
  if (attempts === undefined && (name === 'no' || name === 'always' || name === 'unless-stopped'))
    return { name, maxAttempts: 0 };
  return fail(cursor, `takes no, always, unless-stopped, on-failure or on-failure:N; this is "${text}"`);
}

function readPolicy(cursor: Cursor): RestartPolicy | null {
  const given = fields(cursor, RESTART_POLICY_KEYS);
  const condition = readOr(given.condition, choice('none', 'on-failure', 'any'), 'any');
  const maxAttempts = readOr(given.max_attempts, integerIn(0, 1_000_000), 0);
  if (condition === 'on-failure') return { name: 'on-failure', maxAttempts };
  if (maxAttempts > 0 && given.max_attempts !== undefined)
    fail(given.max_attempts, 'is possible with "condition: on-failure" only');
  return { name: condition === 'none' ? 'no' : 'unless-stopped', maxAttempts: 0 };
}
