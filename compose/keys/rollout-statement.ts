/**
 * What `deploy.update_config` and `rollback_config` of one service say. An app moves as a whole, so all but `order`
 * must agree over the services (rollout-agreement.ts); null = this service says nothing.
 */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { RolloutPolicy, WaveSize } from '../../fleet/rollout-policy.ts';
import { fields, ignored, type KeyTable } from './key-table.ts';
import { choice, type Cursor, integerIn, type Reader, readDuration, readIf, readNumber } from './read.ts';

export const UPDATE_CONFIG_KEYS = {
  parallelism: 'read',
  delay: 'read',
  monitor: 'read',
  max_failure_ratio: 'read',
  failure_action: 'read',
  order: 'read',
} satisfies KeyTable;

const GOING_BACK = 'going back takes the fast path: no waits, no canary, the image that is still on the disk';

export const ROLLBACK_CONFIG_KEYS = {
  parallelism: 'read',
  delay: ignored(GOING_BACK),
  monitor: ignored(GOING_BACK),
  max_failure_ratio: ignored(GOING_BACK),
  failure_action: ignored(GOING_BACK),
  order: ignored('going back uses the order of update_config'),
} satisfies KeyTable;

/** Value and place of one statement, so that a disagreement can be shown where it stands. */
export interface Said<T> {
  readonly value: T;
  readonly cursor: Cursor;
}

export type RolloutStatement = {
  readonly [K in keyof Omit<RolloutPolicy, 'deadlineMs'>]: Said<RolloutPolicy[K]> | null;
};

export interface UpdateStatement {
  readonly order: ServiceSpec['order'] | null;
  readonly rollout: RolloutStatement;
}

export const readHostCount = integerIn(0, 1_000_000);
export const readRatio: Reader<number> = (cursor) => readNumber(cursor, { min: 0, max: 1 });
export const readFailureAction = choice('rollback', 'pause', 'continue');

export function readUpdate(update: Cursor | undefined, rollback: Cursor | undefined): UpdateStatement {
  const given = update === undefined ? {} : fields(update, UPDATE_CONFIG_KEYS);
  const back = rollback === undefined ? {} : fields(rollback, ROLLBACK_CONFIG_KEYS);
  return {
    order: readIf(given.order, choice('start-first', 'stop-first')),
    rollout: {
      waves: say(given.parallelism, readParallelism),
      delayMs: say(given.delay, readDuration),
      monitorMs: say(given.monitor, readDuration),
      maxFailureRatio: say(given.max_failure_ratio, readRatio),
      failureAction: say(given.failure_action, readFailureAction),
      rollbackParallelism: say(back.parallelism, readHostCount),
    },
  };
}

const readParallelism: Reader<readonly WaveSize[]> = (cursor) => {
  const hosts = readHostCount(cursor);
  return hosts === null ? null : [{ kind: 'every', hosts }];
};

export function say<T>(cursor: Cursor | undefined, read: Reader<T>): Said<T> | null {
  if (cursor === undefined) return null;
  const value = read(cursor);
  return value === null ? null : { value, cursor };
}
