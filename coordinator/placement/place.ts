/**
 * Where an app runs. Pure: the same spec, hosts and present placement give the same answer. The whole app is
 * placed; a service without `replicas` runs once on every selected host, one with N has N in all, spread. What runs
 * stays where it is (sticky): nothing moves because a host is silent, but what is missing goes to hosts that talk.
 */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem, ProblemDetail } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { AVAILABILITY_WORDS } from '../../protocol/text/availability.ts';
import type { Placement, Target } from '../store/records.ts';
import { brokenRules } from './placement-rules.ts';
import { serviceRefusal, selectorRefusal } from './selection.ts';
import type { PlaceableHost } from './selection.ts';

export type Placed =
  | { readonly kind: 'placed'; readonly placement: Placement }
  /** NO_HOSTS or UNPLACEABLE, with a detail per host or service that says why. */
  | { readonly kind: 'unplaceable'; readonly problem: Problem };

type Counts = ReadonlyMap<HostId, number>;

/**
 * @param sticky where the app runs now, see `stickyPlacement`
 * @param isConnected hosts that talk take what is missing, as far as they have room
 */
export function place(
  spec: AppSpec,
  hosts: readonly PlaceableHost[],
  sticky: Placement,
  isConnected: (host: HostId) => boolean = () => true,
): Placed {
  const known = [...hosts].sort((a, b) => compare(rank(spec.name, a.id), rank(spec.name, b.id)) || compare(a.id, b.id));
  const refused = new Map(known.map((host) => [host.id, selectorRefusal(host, spec.hosts, runsOn(sticky, host.id))]));
  const selected = known.filter((host) => refused.get(host.id) === null);
  if (selected.length === 0)
    return unplaceable('NO_HOSTS', `place ${spec.name}: no host takes it`, reasons(known, refused));

  const placed = new Map<HostId, Record<string, number>>();
  const details: ProblemDetail[] = [];
  for (const [name, service] of Object.entries(spec.services).sort(([a], [b]) => compare(a, b))) {
    const refusals = new Map(selected.map((host) => [host.id, serviceRefusal(host, service)]));
    const able = selected.filter((host) => refusals.get(host.id) === null);
    const counts =
      able.length === 0
        ? null
        : spread(service, able, new Map(able.map((host) => [host.id, sticky[host.id]?.[name] ?? 0])), isConnected);
    if (counts === null) {
      if (service.replicas !== 0) details.push(...noRoom(name, service, able, selected, refusals));
      continue;
    }
    for (const [host, count] of counts) {
      if (count > 0) placed.set(host, { ...placed.get(host), [name]: count });
    }
  }
  const placement: Placement = Object.fromEntries([...placed].sort(([a], [b]) => compare(a, b)));
  details.push(...brokenRules(spec, placement, new Map(hosts.map((host) => [host.id, host.name]))));
  if (details.length > 0) {
    const [first] = details;
    return unplaceable('UNPLACEABLE', `place ${spec.name}: ${first?.path ?? ''}: ${first?.message ?? ''}`, details);
  }
  return { kind: 'placed', placement };
}

/** Where an app runs, as its targets say. */
export function stickyPlacement(targets: readonly Target[]): Placement {
  return Object.fromEntries(
    targets.flatMap((target) => (target.kind === 'run' ? [[target.host, target.replicas]] : [])),
  );
}

/**
 * How many instances each host gets. What is there stays; what is missing goes where the fewest are; what is too many
 * leaves where the most are. Ties go by the order of the hosts.
 * @returns null where fixed host ports leave no room for all
 */
function spread(
  service: ServiceSpec,
  hosts: readonly PlaceableHost[],
  now: Counts,
  isConnected: (host: HostId) => boolean,
): Counts | null {
  if (service.replicas === null) return new Map(hosts.map((host) => [host.id, 1]));
  // Two instances cannot publish the same port of one host.
  const most = service.ports.some((port) => port.host !== null) ? 1 : Number.POSITIVE_INFINITY;
  if (service.replicas > most * hosts.length) return null;
  const counts = new Map(hosts.map((host) => [host.id, Math.min(most, now.get(host.id) ?? 0)]));
  const mayGrow = hosts.filter((host) => host.availability === 'active');
  let total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (; total > service.replicas; total -= 1) change(counts, hosts.map((host) => host.id).toReversed(), -1);
  for (; total < service.replicas; total += 1) {
    const room = mayGrow.filter((host) => (counts.get(host.id) ?? 0) < most).map((host) => host.id);
    if (room.length === 0) return null;
    const there = room.filter(isConnected);
    change(counts, there.length > 0 ? there : room, 1);
  }
  return counts;
}

/** One more where the fewest are, or one less where the most are; the first of equals. */
function change(counts: Map<HostId, number>, hosts: readonly HostId[], by: 1 | -1): void {
  let best: HostId | null = null;
  for (const host of hosts) {
    if (best === null || ((counts.get(host) ?? 0) - (counts.get(best) ?? 0)) * by < 0) best = host;
  }
  if (best !== null) counts.set(best, (counts.get(best) ?? 0) + by);
}

function noRoom(
  name: string,
  service: ServiceSpec,
  able: readonly PlaceableHost[],
  selected: readonly PlaceableHost[],
  refusals: ReadonlyMap<HostId, string | null>,
): readonly ProblemDetail[] {
  if (able.length === 0) {
    return reasons(selected, refusals).map((reason) => ({ ...reason, path: `services.${name} on ${reason.path}` }));
  }
  const message = `${String(service.replicas)} replicas have no room on ${able.length} ${able.length === 1 ? 'host' : 'hosts'} that may get more (a fixed host port allows one a host; ${AVAILABILITY_WORDS.paused} hosts get no more)`;
  return [{ path: `services.${name}`, message, line: null, column: null }];
}

function reasons(
  hosts: readonly PlaceableHost[],
  refused: ReadonlyMap<HostId, string | null>,
): readonly ProblemDetail[] {
  return [...hosts]
    .sort((a, b) => compare(a.name, b.name))
    .map((host) => ({ path: host.name, message: refused.get(host.id) ?? '', line: null, column: null }));
}

function unplaceable(code: 'NO_HOSTS' | 'UNPLACEABLE', message: string, details: readonly ProblemDetail[]): Placed {
  return { kind: 'unplaceable', problem: problem(code, message, { details }) };
}

const runsOn = (sticky: Placement, host: HostId): boolean => Object.hasOwn(sticky, host);

/** Stable, and another order for each app, so that small apps do not all meet on the first host. FNV-1a, 32 bits. */
function rank(app: string, host: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${app} ${host}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
