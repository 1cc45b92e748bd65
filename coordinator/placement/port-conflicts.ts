/**
 * Which host ports of an app another app publishes on the same host already. Its instance could not start there, and a
 * service that is stopped first would be away until the attempt is given up. Pure.
 */
import type { AppSpec, PortSpec } from '../../fleet/app-spec.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { Placement } from '../store/records.ts';

/** What a host has to run of an app. */
export interface Occupant {
  readonly app: AppName;
  readonly host: HostId;
  readonly spec: AppSpec;
  readonly replicas: Readonly<Record<string, number>>;
}

interface Publication {
  readonly service: string;
  readonly port: PortSpec & { readonly host: number };
}

/** Null: every port is free, as far as the fleet's own apps go. @param others apps on the hosts of the placement */
export function portRefusal(
  spec: AppSpec,
  placement: Placement,
  others: readonly Occupant[],
  names: ReadonlyMap<HostId, string>,
): Problem | null {
  const details = others.flatMap((other) => {
    const taken = publications(other.spec, other.replicas);
    return publications(spec, placement[other.host] ?? {}).flatMap(({ service, port }): readonly ProblemDetail[] => {
      const holder = taken.find((each) => overlaps(each.port, port));
      if (holder === undefined) return [];
      const message = `${other.app} (${holder.service}) publishes port ${port.host}/${port.protocol} on ${names.get(other.host) ?? other.host} already`;
      return [{ path: `services.${service}.ports`, message, line: null, column: null }];
    });
  });
  const [first] = details;
  if (first === undefined) return null;
  return problem('PORT_IN_USE', `place ${spec.name}: ${first.message}`, { details: details.slice(0, 200) });
}

export function publishesPorts(spec: AppSpec): boolean {
  return Object.values(spec.services).some(({ ports }) => ports.some(({ host }) => host !== null));
}

function publications(spec: AppSpec, replicas: Readonly<Record<string, number>>): readonly Publication[] {
  return Object.entries(spec.services).flatMap(([service, { ports }]) =>
    (replicas[service] ?? 0) === 0
      ? []
      : ports.flatMap((port) => (port.host === null ? [] : [{ service, port: { ...port, host: port.host } }])),
  );
}

function overlaps(a: PortSpec, b: PortSpec): boolean {
  return a.host === b.host && a.protocol === b.protocol && (isEvery(a) || isEvery(b) || a.hostIp === b.hostIp);
}

const isEvery = ({ hostIp }: PortSpec): boolean => hostIp === null || hostIp === '0.0.0.0' || hostIp === '::';
