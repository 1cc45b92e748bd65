/** A container's output, from the engine. The source waits while `onChunk` does: nothing piles up for a slow reader. */
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { OnChunk } from './container-engine.ts';
import type { EngineClient } from './engine-client.ts';
import { engineError, isSocketFault, toFailure } from './engine-error.ts';
import { containerName } from './engine-names.ts';
import { streamPieces } from './stream-frames.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly tail: number | null;
  readonly sinceMs: number | null;
}

/** Resolves when the stream ends: at once without `follow`, else with the container or the signal. */
export async function readContainerLogs(
  client: EngineClient,
  host: HostId,
  instance: InstanceId,
  options: LogOptions,
  onChunk: OnChunk,
  signal: AbortSignal,
): Promise<void> {
  const operation = `read logs of ${instance}`;
  const name = containerName(host, instance);
  const inspected = await client.call(operation, ({ docker }) => docker.getContainer(name).inspect());
  const query = {
    stdout: '1',
    stderr: '1',
    follow: options.follow ? '1' : '0',
    ...(options.tail === null ? {} : { tail: String(options.tail) }),
    ...(options.sinceMs === null ? {} : { since: (options.sinceMs / 1000).toFixed(3) }),
  };
  try {
    const stream = await client.stream(operation, { method: 'GET', path: `/containers/${name}/logs`, query, signal });
    for await (const { fd, data } of streamPieces(stream, inspected.Config.Tty)) await onChunk(fd, data);
  } catch (error) {
    if (signal.aborted) return;
    throw isSocketFault(error) ? engineError(operation, toFailure(error), error) : error;
  }
}
