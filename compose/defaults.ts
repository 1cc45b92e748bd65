/** What holds where the file says nothing. docs/app-file.md gives them in words, and a test compares. */
import type { GatePolicy, HostSelector, ProbeSpec } from '../fleet/app-spec.ts';
import type { RolloutPolicy, SchedulePolicy } from '../fleet/rollout-policy.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const DEFAULT_PROBE: ProbeSpec = {
  check: { kind: 'image' },
  intervalMs: 10 * SECOND,
  timeoutMs: 5 * SECOND,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 100,
};

export const DEFAULT_GATE: GatePolicy = {
  minHealthyMs: 5 * SECOND,
  healthyDeadlineMs: 5 * MINUTE,
  progressDeadlineMs: 10 * MINUTE,
};

export const DEFAULT_STOP_GRACE_MS = 10 * SECOND;

export const DEFAULT_ROLLOUT: RolloutPolicy = {
  waves: [
    { kind: 'count', hosts: 1 },
    { kind: 'percent', percent: 10 },
    { kind: 'percent', percent: 50 },
    { kind: 'percent', percent: 100 },
  ],
  monitorMs: 5 * SECOND,
  delayMs: 0,
  maxFailureRatio: 0,
  failureAction: 'rollback',
  deadlineMs: 60 * MINUTE,
  rollbackParallelism: 0,
};

export const DEFAULT_SCHEDULE: SchedulePolicy = {
  cron: '0 * * * *',
  timeZone: 'UTC',
  splayMs: 5 * MINUTE,
  window: null,
};

export const EVERY_HOST: HostSelector = { labels: {}, pools: [], names: [] };
