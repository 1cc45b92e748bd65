/**
 * Whether an ended candidate may have been ended by the engine itself: dockerd that stops takes its containers along and
 * still answers for a while. The verdict waits then; when the engine has gone, the candidate is started again and
 * nobody is blamed. What ends by itself with an error is judged at once. Pure.
 */
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { AppContext } from './app-context.ts';

/** Ended without an error or by a signal, as by a stop from outside. */
const STOPPED_CODES: readonly (number | null)[] = [0, 137, 143];
const ALONE_MS = 3_000;
/** Others that should run ended with it: the engine's shutdown gives them its own time. */
const TOGETHER_MS = 20_000;
const SAME_MOMENT_MS = 10_000;

/** @returns how long the verdict still waits; 0 = it stands */
export function doubtLeftMs(context: AppContext, ended: ContainerObservation): number {
  if (ended.finishedAtMs === null || ended.oomKilled) return 0;
  const finishedAtMs = ended.finishedAtMs;
  const areOthersDown = context.facts.engine.containers.some(
    (each) =>
      each.instance !== ended.instance &&
      each.state === 'exited' &&
      each.restartPolicy !== 'no' &&
      each.finishedAtMs !== null &&
      Math.abs(each.finishedAtMs - finishedAtMs) < SAME_MOMENT_MS,
  );
  const doubtMs = areOthersDown ? TOGETHER_MS : STOPPED_CODES.includes(ended.exitCode) ? ALONE_MS : 0;
  // A wall clock that jumped must not keep the verdict for longer than the doubt lasts.
  return Math.min(doubtMs, Math.max(0, finishedAtMs + doubtMs - context.now.wallMs));
}
