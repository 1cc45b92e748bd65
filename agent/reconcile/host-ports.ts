/**
 * Which containers of the same app stand on a host port that an instance needs: a port can move between services of one
 * app (a renamed service, a proxy put in front), and what holds it then makes room as in a stop-first swap. Pure.
 */
import type { PortSpec } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { type AppContext, specOf } from './app-context.ts';

export function holdsPortOf(
  context: AppContext,
  entry: RunEntry | null,
  service: string,
  holder: ContainerObservation,
): boolean {
  const wanted = (specOf(entry, service)?.ports ?? []).filter((port) => port.host !== null);
  if (wanted.length === 0) return false;
  return portsOf(context, holder).some((held) => wanted.some((port) => clash(port, held)));
}

type HeldPort = Pick<PortSpec, 'host' | 'hostIp' | 'protocol'>;

/** By the entry that it was made from; where that is forgotten, by what the engine has published. */
function portsOf(context: AppContext, container: ContainerObservation): readonly HeldPort[] {
  const { committed, attempt, previous } = context.journal;
  const entries = [committed?.entry, attempt?.entry, previous];
  const own = entries.find((entry) => entry?.hashes[container.service] === container.hash) ?? null;
  const spec = specOf(own, container.service);
  if (spec !== null) return spec.ports;
  return Object.entries(container.ports).map(([name, host]) => ({
    host,
    hostIp: null,
    protocol: name.endsWith('/udp') ? 'udp' : 'tcp',
  }));
}

function clash(a: HeldPort, b: HeldPort): boolean {
  return a.host === b.host && a.protocol === b.protocol && (isAny(a) || isAny(b) || a.hostIp === b.hostIp);
}

const isAny = (port: HeldPort): boolean => port.hostIp === null || port.hostIp === '0.0.0.0' || port.hostIp === '::';
