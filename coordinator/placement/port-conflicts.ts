/**
 * Which host ports of an app another app publishes on the same host already, or the host's own ingress listens on. Its instance could not start there, and a
 * service that is stopped first would be away until the attempt is given up. A conflict that is there already, by what
 * the app runs now, does not refuse its next release: an update must not wait for another app. Pure.
 */
import type { AppSpec, PortSpec } from '../../fleet/app-spec.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { LiveHost } from '../ports.ts';
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

export interface PortConflict {
  readonly service: string;
  /** `shop (web) publishes port 8080/tcp on quay-1 already`. */
  readonly text: string;
  /** What comes of it where it is only a warning. */
  readonly outcome: string;
  /** Refuses no release: it is there already, or may be none. */
  readonly isWarning: boolean;
}

/** @param occupants what the hosts of the placement run now, of this app and of others */
export function portConflicts(
  spec: AppSpec,
  placement: Placement,
  occupants: readonly Occupant[],
  names: ReadonlyMap<HostId, string>,
): readonly PortConflict[] {
  const own = occupants.filter(({ app }) => app === spec.name);
  const others = occupants.filter(({ app }) => app !== spec.name);
  return others.flatMap((other) => {
    const taken = publications(other.spec, other.replicas);
    const now = own
      .filter(({ host }) => host === other.host)
      .flatMap((running) => publications(running.spec, running.replicas));
    return publications(spec, placement[other.host] ?? {}).flatMap(({ service, port }): readonly PortConflict[] => {
      const holder = taken.find((each) => overlaps(each.port, port));
      if (holder === undefined) return [];
      const text = `${other.app} (${holder.service}) publishes port ${port.host}/${port.protocol} on ${names.get(other.host) ?? other.host} already`;
      const isKnown = now.some((before) => overlaps(before.port, port) && overlaps(before.port, holder.port));
      return [{ service, text, outcome: 'one of the two apps cannot start there', isWarning: isKnown }];
    });
  });
}

/**
 * @param occupants what the hosts of the placement run now
 * @param live what a host's agent stated; only of one that is connected, as it may come back with another configuration
 */
export function ingressConflicts(
  spec: AppSpec,
  placement: Placement,
  occupants: readonly Occupant[],
  names: ReadonlyMap<HostId, string>,
  live: (host: HostId) => Pick<LiveHost, 'connected' | 'ingress'> | null,
): readonly PortConflict[] {
  return Object.entries(placement).flatMap(([id, replicas]) => {
    const host = id as HostId;
    const known = live(host);
    if (known?.connected !== true || known.ingress === null) return [];
    const { http, https } = known.ingress;
    const now = occupants
      .filter((each) => each.app === spec.name && each.host === host)
      .flatMap((running) => publications(running.spec, running.replicas));
    return publications(spec, replicas).flatMap(({ service, port }): readonly PortConflict[] => {
      if (port.protocol !== 'tcp' || (port.host !== http && port.host !== https)) return [];
      const text = `the ingress of ${names.get(host) ?? host} listens on port ${port.host}/tcp, which ${service} publishes`;
      // Which addresses an ingress listens on is not known here: one address may be left to the app.
      const isWarning = !isEvery(port) || now.some((before) => overlaps(before.port, port));
      return [{ service, text, outcome: `${service} cannot start there if both use the same address`, isWarning }];
    });
  });
}

/** Null: no port is taken that the app does not publish there already. */
export function portRefusal(app: AppName, conflicts: readonly PortConflict[]): Problem | null {
  const details = conflicts
    .filter(({ isWarning }) => !isWarning)
    .map(({ service, text }): ProblemDetail => ({
      path: `services.${service}.ports`,
      message: text,
      line: null,
      column: null,
    }));
  const [first] = details;
  if (first === undefined) return null;
  return problem('PORT_IN_USE', `place ${app}: ${first.message}`, { details: details.slice(0, 200) });
}

export function portWarnings(conflicts: readonly PortConflict[]): readonly string[] {
  return conflicts
    .filter(({ isWarning }) => isWarning)
    .slice(0, 20)
    .map(({ text, outcome }) => `${text}: ${outcome}`);
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
