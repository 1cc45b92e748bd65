/**
 * Which routes of an app another app on the same host has already. A conflict that is there already (because a host
 * joined, or its labels changed) does not refuse the app's next release: an update must not wait for another app. On that
 * host the agent leaves the route to the app that has it. Pure.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import { clashes, placeOf, routeClaims, type RouteClaim } from '../../fleet/route-claims.ts';
import type { Placement } from '../store/records.ts';

/** An app on hosts, as its targets or a deployment under way have it. */
export interface RoutedApp {
  readonly app: AppName;
  readonly spec: AppSpec;
  readonly placement: Placement;
}

export interface RouteConflict {
  readonly host: HostId;
  /** Service of the app that was asked about. */
  readonly service: string;
  /** `shop.test/api`. */
  readonly place: string;
  readonly other: AppName;
  /** It is there already, by what runs now. */
  readonly isKnown: boolean;
}

/** @param now what runs of the app itself, before the change */
export function routeConflicts(
  wanted: RoutedApp,
  now: readonly RoutedApp[],
  others: readonly RoutedApp[],
): readonly RouteConflict[] {
  const found = new Map<string, RouteConflict>();
  for (const host of Object.keys(wanted.placement) as HostId[]) {
    const running = now.flatMap((app) => claimsOn(app, host));
    for (const claim of claimsOn(wanted, host)) {
      for (const other of others) {
        const taken = claimsOn(other, host);
        if (!clashes(claim, taken)) continue;
        found.set(`${host} ${claim.place} ${other.app}`, {
          host,
          service: claim.service,
          place: claim.place,
          other: other.app,
          isKnown: running.some((before) => before.place === claim.place && clashes(before, taken)),
        });
      }
    }
  }
  return [...found.values()];
}

/** Whether any placement could make these two conflict: most apps have nothing in common and are not looked at. */
export function mayConflict(a: AppSpec, b: AppSpec): boolean {
  const places = new Set(placesOf(a));
  return placesOf(b).some((place) => places.has(place));
}

export function routeRefusal(
  app: AppName,
  conflicts: readonly RouteConflict[],
  names: ReadonlyMap<HostId, string>,
): Problem | null {
  const fresh = conflicts.filter(({ isKnown }) => !isKnown);
  const [first] = fresh;
  if (first === undefined) return null;
  const details = summaries(fresh, names).map(({ service, text }): ProblemDetail => ({
    path: `services.${service}.x-longshore.ingress`,
    message: `${text}; use another host name or path, or set "shared: true" on this route in both apps`,
    line: null,
    column: null,
  }));
  return problem('ROUTE_TAKEN', `place ${app}: app ${first.other} already has the route ${first.place}`, { details });
}

export function routeWarnings(
  conflicts: readonly RouteConflict[],
  names: ReadonlyMap<HostId, string>,
): readonly string[] {
  return summaries(
    conflicts.filter(({ isKnown }) => isKnown),
    names,
  ).map(
    ({ text }) =>
      `${text}: the app that came first keeps it there, and the other fails. Set "shared: true" in both apps, or change one.`,
  );
}

function summaries(
  conflicts: readonly RouteConflict[],
  names: ReadonlyMap<HostId, string>,
): readonly { readonly service: string; readonly text: string }[] {
  const hosts = new Map<string, { readonly conflict: RouteConflict; readonly on: string[] }>();
  for (const conflict of conflicts) {
    const key = `${conflict.service} ${conflict.place} ${conflict.other}`;
    const entry = hosts.get(key) ?? { conflict, on: [] };
    entry.on.push(names.get(conflict.host) ?? conflict.host);
    hosts.set(key, entry);
  }
  return [...hosts.values()].map(({ conflict, on }) => {
    const shown = on.length > 5 ? `${on.slice(0, 5).join(', ')} and ${on.length - 5} more` : on.join(', ');
    return { service: conflict.service, text: `app ${conflict.other} has ${conflict.place} too, on ${shown}` };
  });
}

function claimsOn({ spec, placement }: RoutedApp, host: HostId): readonly RouteClaim[] {
  return routeClaims(spec, placement[host] ?? {});
}

function placesOf(spec: AppSpec): readonly string[] {
  return Object.values(spec.services).flatMap(({ ingress }) => ingress.map(placeOf));
}
