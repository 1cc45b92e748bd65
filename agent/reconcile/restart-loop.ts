/** A committed instance that ends and is started again and again is named, instead of being shown as running. Pure. */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { AppContext } from './app-context.ts';
import { exitOf } from './gate.ts';

export const RESTART_WINDOW_MS = 10 * 60_000;
const RESTARTS_OF_A_LOOP = 5;

/** As Docker waits: from 100 ms, doubled, at most a minute. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;

/** When an instance that has ended may be started again (monotonic); in the past where it has not done so repeatedly. */
export function restartDueMs(context: AppContext, container: ContainerObservation): number {
  const { facts } = context;
  const count = recentRestarts(context, container).length;
  // What this process did not start, or has stopped itself, did not end by itself.
  if (count === 0 || !facts.startedHere.has(container.instance)) return Number.NEGATIVE_INFINITY;
  const endedAtMs = facts.endSeenAtMs[container.instance] ?? context.now.monotonicMs;
  return endedAtMs + Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(count, 20));
}

function recentRestarts(context: AppContext, container: ContainerObservation): readonly number[] {
  const sinceMs = context.now.monotonicMs - RESTART_WINDOW_MS;
  return (context.facts.restarts[container.instance] ?? []).filter((atMs) => atMs >= sinceMs);
}

/** The message does not name the instance. */
export function restartLoopOf(context: AppContext, container: ContainerObservation): Problem | null {
  const seen = recentRestarts(context, container);
  if (seen.length < RESTARTS_OF_A_LOOP) return null;
  const minutes = RESTART_WINDOW_MS / 60_000;
  return problem(
    'RESTART_LOOP',
    `started again ${seen.length} times in ${minutes} minutes; last time it ${exitOf(container)}`,
  );
}
