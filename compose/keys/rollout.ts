/** `x-longshore.rollout`, and how it goes together with what the services say in `update_config`. */
import type { RolloutPolicy, WaveSize } from '../../fleet/rollout-policy.ts';
import { DEFAULT_ROLLOUT } from '../defaults.ts';
import { fields, type KeyTable } from './key-table.ts';
import { type Cursor, describe, fail, failKey, items, readOr, readPositiveDuration, warn } from './read.ts';
import { readDuration } from './read.ts';
import { readFailureAction, readHostCount, readRatio, type RolloutStatement, say } from './rollout-statement.ts';

export const ROLLOUT_KEYS = {
  waves: 'read',
  monitor: 'read',
  delay: 'read',
  max_failure_ratio: 'read',
  failure_action: 'read',
  deadline: 'read',
  rollback_parallelism: 'read',
} satisfies KeyTable;

/** Keys of `x-longshore.rollout` by the field they set. */
const KEY_OF = {
  waves: 'waves',
  monitorMs: 'monitor',
  delayMs: 'delay',
  maxFailureRatio: 'max_failure_ratio',
  failureAction: 'failure_action',
  rollbackParallelism: 'rollback_parallelism',
} as const satisfies Readonly<Record<keyof RolloutStatement, keyof typeof ROLLOUT_KEYS>>;

export function readRollout(cursor: Cursor | undefined, services: readonly RolloutStatement[]): RolloutPolicy {
  const given = cursor === undefined ? {} : fields(cursor, ROLLOUT_KEYS);
  const app: RolloutStatement = {
    waves: say(given.waves, readWaves),
    monitorMs: say(given.monitor, readDuration),
    delayMs: say(given.delay, readDuration),
    maxFailureRatio: say(given.max_failure_ratio, readRatio),
    failureAction: say(given.failure_action, readFailureAction),
    rollbackParallelism: say(given.rollback_parallelism, readHostCount),
  };
  const pick = <K extends keyof RolloutStatement>(key: K): RolloutPolicy[K] =>
    agreed(key, app, services) ?? DEFAULT_ROLLOUT[key];
  return {
    waves: pick('waves'),
    monitorMs: pick('monitorMs'),
    delayMs: pick('delayMs'),
    maxFailureRatio: pick('maxFailureRatio'),
    failureAction: pick('failureAction'),
    rollbackParallelism: pick('rollbackParallelism'),
    deadlineMs: readOr(given.deadline, readPositiveDuration, DEFAULT_ROLLOUT.deadlineMs),
  };
}

/** The app's own word wins; otherwise the services that say it must say the same, since the app moves as a whole. */
function agreed<K extends keyof RolloutStatement>(
  key: K,
  app: RolloutStatement,
  services: readonly RolloutStatement[],
): RolloutPolicy[K] | null {
  const own = app[key];
  const said = services.flatMap((service) => service[key] ?? []);
  const place = `x-longshore.rollout.${KEY_OF[key]}`;
  if (own !== null) {
    for (const other of said) if (!same(other.value, own.value)) warn(other.cursor, `is overruled by ${place}`);
    return own.value;
  }
  const [first, ...rest] = said;
  if (first === undefined) return null;
  for (const other of rest)
    if (!same(other.value, first.value))
      failKey(other.cursor, `differs from another service's, but an app moves as a whole; say it once in ${place}`);
  return first.value;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `[1, 10%, 50%, 100%]` or `1, 10%, 50%, 100%`; the last wave is all hosts, also where that is not written. */
export function readWaves(cursor: Cursor): readonly WaveSize[] | null {
  const texts = waveTexts(cursor);
  if (texts === null) return null;
  const waves: WaveSize[] = [];
  for (const text of texts) {
    const wave = readWave(text);
    if (wave === null)
      return fail(cursor, `takes counts of hosts and percentages, such as 1, 10%, 100%; this is "${text}"`);
    const before = waves.findLast((one) => one.kind === wave.kind);
    if (before !== undefined && sizeOf(before) >= sizeOf(wave))
      return fail(cursor, `waves count all hosts that have moved so far, so each is larger than the one before it`);
    waves.push(wave);
  }
  const last = waves[waves.length - 1];
  if (last === undefined) return fail(cursor, 'takes at least one wave');
  return last.kind === 'percent' && last.percent === 100 ? waves : [...waves, { kind: 'percent', percent: 100 }];
}

function waveTexts(cursor: Cursor): readonly string[] | null {
  const { tree } = cursor;
  if (tree.kind === 'list') return items(cursor).map((item) => (item.tree.kind === 'scalar' ? item.tree.text : '?'));
  if (tree.kind === 'scalar') return tree.text.split(',').map((text) => text.trim());
  return fail(cursor, `takes a list; this is ${describe(tree)}`);
}

function readWave(text: string): WaveSize | null {
  const percent = /^(\d{1,3}(?:\.\d+)?)\s?%$/.exec(text);
  if (percent !== null) {
    const value = Number(percent[1]);
    return value > 0 && value <= 100 ? { kind: 'percent', percent: value } : null;
  }
  return /^[1-9]\d{0,6}$/.test(text) ? { kind: 'count', hosts: Number(text) } : null;
}

const sizeOf = (wave: WaveSize): number => (wave.kind === 'percent' ? wave.percent : wave.hosts);
