/**
 * Whether a bad verdict on a candidate may be the engine's doing and not the app's. Pure.
 *
 *   - an engine that stops answers no new question from before it stops the first container. So a verdict stands only
 *     when the engine has answered a question that was put to it after the last failure was seen
 *   - a machine that goes down stops containers beside the engine, which answers for a while: what ended as by a stop, or
 *     together with others that should run, waits a moment; by then the agent has been stopped as well
 *
 * Where the engine went away, the candidate is started again and nobody is blamed; the progress deadline goes on.
 */
import type { ContainerObservation } from '../engine/container-engine.ts';
import { type AppContext, isUp } from './app-context.ts';
import type { GateVerdict } from './gate.ts';

export interface Doubt {
  /** For people. */
  readonly reason: string;
  /** Monotonic; null = an answer of the engine ends it. */
  readonly untilMs: number | null;
  /** The engine has to be asked. */
  readonly needsLook: boolean;
}

/** Ended without an error or by a signal, as by a stop from outside. */
const STOPPED_CODES: readonly (number | null)[] = [0, 137, 143];
const ALONE_MS = 3_000;
/** Others that should run ended with it: the engine's shutdown gives them its own time. */
const TOGETHER_MS = 20_000;
const SAME_MOMENT_MS = 10_000;

/** @returns null = the verdict stands */
export function doubtOf(
  context: AppContext,
  key: string,
  container: ContainerObservation,
  verdict: Extract<GateVerdict, { kind: 'failed' }>,
): Doubt | null {
  const { facts, now } = context;
  const hasEnded = !isUp(container);
  const restsOnMs = verdict.restsOnMs ?? facts.endSeenAtMs[container.instance] ?? now.monotonicMs;
  const needsLook = facts.seenAtMs <= restsOnMs;
  const leftMs = hasEnded ? doubtLeftMs(context, container) : 0;
  if (!needsLook && leftMs === 0) return null;
  const what = hasEnded ? 'has ended' : 'fails its probes';
  // A look is due in the ordinary way as well: the engine is blamed only by what cannot reach it.
  const why = leftMs === 0 ? 'asking the Docker Engine again' : 'waiting in case this host is shutting down';
  return {
    reason: `${key} ${what}; ${why} before this counts`,
    untilMs: leftMs === 0 ? null : now.monotonicMs + leftMs,
    needsLook,
  };
}

/** @returns how long the verdict on an ended one still waits in any case */
export function doubtLeftMs(context: AppContext, ended: ContainerObservation): number {
  if (ended.finishedAtMs === null || ended.oomKilled) return 0;
  const finishedAtMs = ended.finishedAtMs;
  const areOthersDown = context.facts.engine.containers.some(
    (each) =>
      each.instance !== ended.instance &&
      each.state === 'exited' &&
      each.restartPolicy !== 'no' &&
      each.restartPolicy !== '' &&
      each.finishedAtMs !== null &&
      Math.abs(each.finishedAtMs - finishedAtMs) < SAME_MOMENT_MS,
  );
  const doubtMs = areOthersDown ? TOGETHER_MS : STOPPED_CODES.includes(ended.exitCode) ? ALONE_MS : 0;
  // A wall clock that jumped must not keep the verdict for longer than the doubt lasts.
  return Math.min(doubtMs, Math.max(0, finishedAtMs + doubtMs - context.now.wallMs));
}
