/** The connection of a host that has to be there for what is asked of it. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AgentConnection } from './agent-connection.ts';
import type { AgentStreams } from './agent-streams.ts';

type Sessions = ReadonlyMap<HostId, AgentConnection>;

/** @throws HOST_OFFLINE */
export function connectedAgent(sessions: Sessions, host: HostId, operation: string): AgentConnection {
  const connection = sessions.get(host);
  if (connection === undefined) throw offline(host, operation);
  return connection;
}

/** @throws HOST_OFFLINE */
export function connectedStreams(sessions: Sessions, host: HostId, operation: string): AgentStreams {
  const { streams } = connectedAgent(sessions, host, operation);
  if (streams === null) throw offline(host, operation);
  return streams;
}

function offline(host: HostId, operation: string): LongshoreError {
  return new LongshoreError('HOST_OFFLINE', `${operation}: host ${host} is not connected`);
}
