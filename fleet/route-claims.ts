/**
 * Places (host name and path) under which an app is reached on a host. Two apps on one host with the same place would
 * share its requests without a word, so both must say `shared: true`. Pure.
 */
import type { AppSpec } from './app-spec.ts';

export interface RouteClaim {
  readonly service: string;
  /** `shop.test/api`. */
  readonly place: string;
  readonly isShared: boolean;
}

/** @param replicas those on the host */
export function routeClaims(
  { services }: Pick<AppSpec, 'services'>,
  replicas: Readonly<Record<string, number>>,
): readonly RouteClaim[] {
  return Object.entries(services).flatMap(([service, { ingress }]) =>
    (replicas[service] ?? 0) === 0
      ? []
      : ingress.map((route) => ({ service, place: placeOf(route), isShared: route.shared === true })),
  );
}

export function placeOf({ host, path }: { readonly host: string; readonly path: string }): string {
  return host + path;
}

export function clashes(claim: RouteClaim, taken: readonly RouteClaim[]): boolean {
  return taken.some(({ place, isShared }) => place === claim.place && !(isShared && claim.isShared));
}
