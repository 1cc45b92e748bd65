/**
 * The engine's events about our containers. Only what changes an observation is asked for: an exec (each probe of the
 * engine's or of ours is three events) would wake the agent for nothing.
 */
import type { HostId } from '../../fleet/ids.ts';
import type { EngineClient } from './engine-client.ts';
import { isAbort, isSocketFault } from './engine-error.ts';
import { HOST_LABEL } from './engine-labels.ts';
import { jsonLines } from './json-lines.ts';

const EVENTS = ['create', 'start', 'die', 'oom', 'pause', 'unpause', 'destroy', 'update', 'health_status'] as const;

/**
 * Calls back with the engine's id of the container for each event. Resolves when the engine's stream ends or the
 * signal aborts. @throws ENGINE_UNAVAILABLE where it cannot begin
 */
export async function watchContainers(
  client: EngineClient,
  host: HostId,
  onEvent: (engineId: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = JSON.stringify({ type: ['container'], label: [`${HOST_LABEL}=${host}`], event: EVENTS });
  try {
    const stream = await client.stream('watch events', { method: 'GET', path: '/events', query: { filters }, signal });
    for await (const event of jsonLines(stream)) onEvent(engineIdOf(event));
  } catch (error) {
    // The engine stopped while we listened, or we were told to: the end of the stream, no more.
    if (!signal.aborted && !isAbort(error) && !isSocketFault(error)) throw error;
  }
}

function engineIdOf(event: unknown): string {
  const actor = (event as { readonly Actor?: { readonly ID?: unknown } } | null)?.Actor;
  return typeof actor?.ID === 'string' ? actor.ID : '';
}
