/** `x-longshore` at the top of the file: what Compose has no words for. */
import type { AppSpec, GatePolicy } from '../../fleet/app-spec.ts';
import { DEFAULT_GATE } from '../defaults.ts';
import { readGate } from './gate.ts';
import { readHosts } from './hosts.ts';
import { fields, type KeyTable, later } from './key-table.ts';
import { choice, type Cursor, readOr } from './read.ts';
import { readSchedule } from './schedule.ts';

export const LONGSHORE_APP_KEYS = {
  hosts: 'read',
  rollout: 'read',
  schedule: 'read',
  offline: 'read',
  volumes: 'read',
  require: 'read',
  min_healthy_time: 'read',
  healthy_deadline: 'read',
  progress_deadline: 'read',
  hooks: later('a service that another one waits for with "service_completed_successfully" runs before it'),
} satisfies KeyTable;

export interface LongshoreApp extends Pick<AppSpec, 'hosts' | 'schedule' | 'offline' | 'volumeScope' | 'require'> {
  readonly gate: GatePolicy;
  /** Read once the services have spoken. */
  readonly rollout: Cursor | undefined;
}

export function readLongshoreApp(cursor: Cursor | undefined): LongshoreApp {
  const given = cursor === undefined ? {} : fields(cursor, LONGSHORE_APP_KEYS);
  return {
    hosts: readHosts(given.hosts),
    schedule: readSchedule(given.schedule),
    offline: readOr(given.offline, choice('keep', 'update'), 'keep'),
    volumeScope: readOr(given.volumes, choice('single', 'per-host'), 'single'),
    // Only where it is `all`: an older release lacks the key, and is the same release.
    ...(readOr(given.require, choice('reachable', 'all'), 'reachable') === 'all' ? { require: 'all' } : {}),
    gate: readGate(given, DEFAULT_GATE),
    rollout: given.rollout,
  };
}
