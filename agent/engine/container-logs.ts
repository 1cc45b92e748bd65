/**
 * A container's output, from the engine. The source waits while `onChunk` does: nothing piles up for a slow reader. A
 * follow ends with the container's run; the next reading goes on behind the moment that this one came to.
 */
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { OnChunk } from './container-engine.ts';
import type { EngineClient } from './engine-client.ts';
import { engineError, isSocketFault, toFailure } from './engine-error.ts';
import { LogStamps, secondsAfter, type LogMoment } from './log-stamps.ts';
import { onContainer } from './own-container.ts';
import { streamPieces } from './stream-frames.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly tail: number | null;
  readonly sinceMs: number | null;
  /** Only what came after this moment of an earlier reading; before `sinceMs`. */
  readonly after?: LogMoment | null;
}

/**
 * Resolves when the stream ends: at once without `follow`, else with the run of the container or the signal.
 * @returns the moment of the newest line; null where there was none, or nothing was followed
 */
export async function readContainerLogs(
  client: EngineClient,
  host: HostId,
  instance: InstanceId,
  options: LogOptions,
  onChunk: OnChunk,
  signal: AbortSignal,
): Promise<LogMoment | null> {
  const operation = `read logs of ${instance}`;
  const inspected = await client.call(operation, (connection) =>
    onContainer(connection, host, instance, (container) => container.inspect()),
  );
  const query = {
    stdout: '1',
    stderr: '1',
    follow: options.follow ? '1' : '0',
    ...(options.tail === null ? {} : { tail: String(options.tail) }),
    ...sinceOf(options),
    ...(options.follow ? { timestamps: '1' } : {}),
  };
  const tty = inspected.Config.Tty;
  const stamps = options.follow ? new LogStamps(tty) : null;
  try {
    const stream = await client.stream(operation, {
      method: 'GET',
      path: `/containers/${inspected.Id}/logs`,
      query,
      signal,
    });
    for await (const piece of streamPieces(stream, tty)) {
      const data = stamps?.take(piece) ?? piece.data;
      if (data.length > 0) await onChunk(piece.fd, data);
    }
  } catch (error) {
    if (!signal.aborted) throw isSocketFault(error) ? engineError(operation, toFailure(error), error) : error;
  }
  return stamps?.newest ?? null;
}

function sinceOf({ after, sinceMs }: LogOptions): { readonly since?: string } {
  if (after !== undefined && after !== null) return { since: secondsAfter(after) };
  return sinceMs === null ? {} : { since: (sinceMs / 1000).toFixed(3) };
}
