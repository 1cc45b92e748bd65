/**
 * The gate of one candidate: healthy without a break for `min_healthy_time`, within `healthy_deadline` of its start. A
 * candidate has no restart policy, so its end is seen at once and is final. Pure; a gate starts again with the agent,
 * because health is only known from this process's probes.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ErrorCode } from '../../fleet/errors.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { hasCompleted, mayComplete, mustComplete, serverReason, specOf } from './app-context.ts';
import type { InstanceHealth } from './observation.ts';

export type GateVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'waiting'; readonly reason: string; readonly wakeAtMs: number | null }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      /** When the last of what it rests on was seen by this process; null = when the end was. */
      readonly restsOnMs: number | null;
    };

export interface GateInput {
  readonly entry: RunEntry;
  readonly service: string;
  /** For people: `web/1`. */
  readonly key: string;
  /** Started and not gone. */
  readonly container: ContainerObservation;
  readonly health: InstanceHealth | undefined;
  readonly nowMs: number;
}

export function evalGate(input: GateInput): GateVerdict {
  const { entry, service, key, container, health, nowMs } = input;
  const spec = specOf(entry, service);
  if (spec === null) return { kind: 'passed' };
  if (container.state === 'exited' || container.state === 'dead') {
    if (hasCompleted(container) && mayComplete(entry, container)) return { kind: 'passed' };
    // Exit code 0 looks like success, so the message says why it is not.
    const reason = hasCompleted(container) ? serverReason(entry, container) : null;
    return {
      kind: 'failed',
      code: 'CONTAINER_EXITED',
      message: `${key}: ${exitOf(container)} before it had passed its gate${reason === null ? '' : ` (it has to keep running: ${reason})`}`,
      restsOnMs: null,
    };
  }
  const { gate } = spec;
  if (health === undefined) return { kind: 'waiting', reason: `${key} is starting`, wakeAtMs: null };
  const deadlineMs = health.sinceMs + gate.healthyDeadlineMs;
  if (mustComplete(entry, service)) {
    return { kind: 'waiting', reason: `${key} has to complete`, wakeAtMs: null };
  }
  if (health.everHealthy && health.isUnhealthy) {
    return {
      kind: 'failed',
      code: 'UNHEALTHY_IN_GATE',
      message: `${key}: was healthy, then failed ${health.failures} probes in a row: ${answerOf(health)}`,
      restsOnMs: health.unhealthySinceMs,
    };
  }
  if (health.healthySinceMs === null) {
    if (nowMs >= deadlineMs) {
      const after = seconds(gate.healthyDeadlineMs);
      return {
        kind: 'failed',
        code: 'NEVER_HEALTHY',
        message: `${key}: not healthy within ${after}; last probe: ${answerOf(health)}`,
        restsOnMs: deadlineMs,
      };
    }
    return { kind: 'waiting', reason: `${key} is not healthy yet: ${answerOf(health)}`, wakeAtMs: deadlineMs };
  }
  // A way back is in a hurry: what ran well before needs to be healthy, not to prove itself again.
  const passesAtMs = health.healthySinceMs + (entry.rollback ? 0 : gate.minHealthyMs);
  if (nowMs < passesAtMs)
    return {
      kind: 'waiting',
      reason: `${key} is healthy and must stay so for ${seconds(gate.minHealthyMs)}`,
      wakeAtMs: passesAtMs,
    };
  return { kind: 'passed' };
}

export function exitOf(container: ContainerObservation): string {
  if (container.oomKilled) return 'ran out of its memory limit and was killed';
  return `ended with exit code ${container.exitCode ?? 'unknown'}`;
}

function answerOf(health: InstanceHealth): string {
  return health.lastAnswer ?? 'no answer yet';
}

export function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}
