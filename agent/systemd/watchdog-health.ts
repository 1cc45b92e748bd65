/**
 * Whether the agent does useful work, from stored facts. Pure. It asks about the agent only: Docker or the coordinator
 * being away is no reason to kill it, because a new agent would find them just as far away.
 */
import type { WorkHealth } from '../../daemon/watchdog.ts';
import { HANDSHAKE_MS } from '../session/connection.ts';
import type { SessionState } from '../session/session.ts';

export interface WorkFacts {
  /** Monotonic, like all here. */
  readonly startedAtMs: number;
  /** Newest sign that the reconciler goes round; null = not yet. */
  readonly turnAtMs: number | null;
  /** Null: this host is not enrolled yet, there is no session. */
  readonly session: SessionState | null;
  readonly heardAtMs: number | null;
}

/** The reconciler looks at least this often, also when nothing happens and while it pulls. */
export const TURN_LIMIT_MS = 5 * 60_000;
const SLACK_MS = 60_000;

export function watchdogHealth(facts: WorkFacts, nowMs: number): WorkHealth {
  const turnAgeMs = nowMs - (facts.turnAtMs ?? facts.startedAtMs);
  if (turnAgeMs > TURN_LIMIT_MS) return stuck('the reconciler has not gone round', turnAgeMs);
  const { session } = facts;
  switch (session?.kind) {
    case undefined:
      return { healthy: true };
    case 'connecting': {
      const age = nowMs - session.sinceMs;
      return age > HANDSHAKE_MS + SLACK_MS ? stuck('the session is stuck in connecting', age) : { healthy: true };
    }
    case 'waiting': {
      const late = nowMs - session.untilMs;
      return late > SLACK_MS ? stuck('the session did not dial again when it was time', late) : { healthy: true };
    }
    case 'connected': {
      const silence = nowMs - Math.max(session.sinceMs, facts.heardAtMs ?? 0);
      // The connection itself ends silence after at most this long (fleet/heartbeat.ts).
      const limit = Math.max(60_000, session.heartbeatMs * 3) + session.heartbeatMs + SLACK_MS;
      return silence > limit ? stuck('the session did not notice a silent coordinator', silence) : { healthy: true };
    }
  }
}

function stuck(what: string, forMs: number): WorkHealth {
  return { healthy: false, reason: `${what} for ${Math.round(forMs / 1000)} s` };
}
