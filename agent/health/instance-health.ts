/**
 * What one more answer makes of an instance's health. Healthy since: without a break. Unhealthy: so many failures in a
 * row. Failures inside the start period do not count until it was healthy once. Pure.
 */
import type { InstanceHealth, ProbeTarget } from '../reconcile/observation.ts';
import type { ProbeAnswer } from './probe.ts';

/** Without any probe, a container that runs for so long is taken for working: one that ends at once has done so by then. */
export const RUNNING_COUNTS_AFTER_MS = 1_000;

export function newHealth(nowMs: number, isRestarted: boolean): InstanceHealth {
  return {
    sinceMs: nowMs,
    healthySinceMs: null,
    everHealthy: false,
    failures: 0,
    isUnhealthy: false,
    unhealthySinceMs: null,
    isRestarted,
    lastAnswer: null,
  };
}

export function withAnswer(
  health: InstanceHealth,
  target: Pick<ProbeTarget, 'retries' | 'startPeriodMs'>,
  answer: ProbeAnswer,
  nowMs: number,
): InstanceHealth {
  if (answer.isHealthy) {
    return {
      ...health,
      healthySinceMs: health.healthySinceMs ?? nowMs,
      everHealthy: true,
      failures: 0,
      isUnhealthy: false,
      unhealthySinceMs: null,
      lastAnswer: answer.text,
    };
  }
  const counts = health.everHealthy || nowMs - health.sinceMs >= target.startPeriodMs;
  const failures = health.failures + (counts ? 1 : 0);
  return {
    ...health,
    healthySinceMs: null,
    failures,
    isUnhealthy: failures >= target.retries,
    unhealthySinceMs: failures >= target.retries ? (health.unhealthySinceMs ?? nowMs) : null,
    lastAnswer: answer.text,
  };
}

/** A fresh instance that is reached over the network is asked so often for a second: most servers are up by then. */
const EAGER_MS = 20;
const EAGER_FOR_MS = 1_000;
/** One that never got healthy is asked as while starting for so long; a gate with a longer deadline is rare. */
const STARTING_FOR_MS = 300_000;

/** Until it was healthy in this run, it is asked often, so that readiness costs no more than the app takes. */
export function nextProbeDelayMs(health: InstanceHealth, target: ProbeTarget, ageMs: number): number {
  if (health.healthySinceMs !== null) return target.intervalMs;
  if (!health.everHealthy && ageMs < STARTING_FOR_MS) {
    const isCheap = target.check.kind === 'http' || target.check.kind === 'tcp';
    return isCheap && ageMs < EAGER_FOR_MS ? Math.min(EAGER_MS, target.startIntervalMs) : target.startIntervalMs;
  }
  return health.isUnhealthy ? target.intervalMs : target.startIntervalMs;
}

/** Whether the planner could decide otherwise after this change. */
export function isOtherHealth(before: InstanceHealth, after: InstanceHealth): boolean {
  return (
    (before.healthySinceMs === null) !== (after.healthySinceMs === null) || before.isUnhealthy !== after.isUnhealthy
  );
}
