/**
 * The engine's events about our containers and networks. Only what changes an observation is asked for: an exec (each
 * probe of the engine's or of ours is three events) would wake the agent for nothing. Events of networks carry no
 * labels, so what is not ours is left out here and not by the engine.
 */
import type { HostId } from '../../fleet/ids.ts';
import type { EngineClient } from './engine-client.ts';
import { isAbort, isSocketFault } from './engine-error.ts';
import { HOST_LABEL } from './engine-labels.ts';
import { isNetworkName } from './engine-names.ts';
import { jsonLines } from './json-lines.ts';

const EVENTS = [
  'create',
  'start',
  'die',
  'oom',
  'pause',
  'unpause',
  'destroy',
  'update',
  'health_status',
  'connect',
  'disconnect',
] as const;

export type EngineEvent =
  | { readonly kind: 'container'; readonly engineId: string }
  /** A network of ours was made or removed. */
  | { readonly kind: 'network' };

/**
 * Calls back for each event. Resolves when the engine's stream ends or the signal aborts.
 * @throws ENGINE_UNAVAILABLE where it cannot begin
 */
export async function watchEvents(
  client: EngineClient,
  host: HostId,
  onEvent: (event: EngineEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = JSON.stringify({ type: ['container', 'network'], event: EVENTS });
  try {
    const stream = await client.stream('watch events', { method: 'GET', path: '/events', query: { filters }, signal });
    for await (const json of jsonLines(stream)) {
      const event = toEvent(host, json as EventJson | null);
      if (event !== null) onEvent(event);
    }
  } catch (error) {
    // The engine stopped while we listened, or we were told to: the end of the stream, no more.
    if (!signal.aborted && !isAbort(error) && !isSocketFault(error)) throw error;
  }
}

interface EventJson {
  readonly Type?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
}

/** Null where it is about nothing of ours. */
export function toEvent(host: HostId, json: EventJson | null): EngineEvent | null {
  const attributes = json?.Actor?.Attributes ?? {};
  if (json?.Type !== 'network')
    return attributes[HOST_LABEL] === host ? { kind: 'container', engineId: json?.Actor?.ID ?? '' } : null;
  if (!isNetworkName(host, attributes['name'] ?? '')) return null;
  const { container } = attributes;
  return container === undefined ? { kind: 'network' } : { kind: 'container', engineId: container };
}
