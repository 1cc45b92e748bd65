/** A committed instance that the engine starts again and again is named, instead of being shown as running. Pure. */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { AppContext } from './app-context.ts';
import { exitOf } from './gate.ts';

export const RESTART_WINDOW_MS = 10 * 60_000;
const RESTARTS_OF_A_LOOP = 5;

export function restartLoopOf(context: AppContext, container: ContainerObservation): Problem | null {
  const since = context.now.monotonicMs - RESTART_WINDOW_MS;
  const seen = (context.facts.restarts[container.instance] ?? []).filter((atMs) => atMs >= since);
  if (seen.length < RESTARTS_OF_A_LOOP) return null;
  const minutes = RESTART_WINDOW_MS / 60_000;
  return problem(
    'RESTART_LOOP',
    `${container.service}/${container.replica} started again ${seen.length} times in ${minutes} minutes; last time it ${exitOf(container)}`,
  );
}
