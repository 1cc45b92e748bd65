/** What a connection needs when its time has come: an end, a heartbeat, or nothing yet. */
import type { AgentConnection } from './agent-connection.ts';

/** @returns when to look again; null = it has ended */
export function attend(connection: AgentConnection, now: number): number | null {
  if (connection.hasEnded) return null;
  const { session } = connection;
  // Whoever has not proved himself by now, or has been silent for too long, does not answer a close either.
  if (session === null || now - connection.receivedAt >= session.silenceMs) {
    connection.destroy();
    return null;
  }
  if (now - connection.sentAt >= session.heartbeatMs) connection.send({ kind: 'heartbeat' });
  return Math.min(connection.sentAt + session.heartbeatMs, connection.receivedAt + session.silenceMs);
}
