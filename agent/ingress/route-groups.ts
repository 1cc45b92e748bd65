/**
 * What the proxy tells apart: one group for each (host name, path prefix), with the services that share it and the
 * names under which the answerer says where they are. Names follow from the content alone, so that they mean the same
 * before and after a change of the configuration and over restarts of either side. Pure.
 */
import { compareText } from '../../fleet/compare-text.ts';
import { groupBy } from '../../fleet/group-by.ts';
import { contentHash } from './content-hash.ts';
import type { IngressApp } from './ingress.ts';

export interface RouteGroup {
  /** 16 hex digits of (host, path). */
  readonly key: string;
  /** Lower-case host name, `*.name`, or `*`. */
  readonly host: string;
  /** `/`, or a prefix without a slash at its end. */
  readonly path: string;
  /** The strictest that any route of this host asks for: a browser sees one name, not its paths. */
  readonly tls: 'auto' | 'internal' | 'off';
  readonly stripPrefix: boolean;
  readonly graceMs: number;
  /** One for each container port, lowest first. Never empty. */
  readonly sources: readonly RouteSource[];
}

export interface RouteSource {
  /** DNS label, 16 hex digits of (host, path, port). */
  readonly label: string;
  readonly port: number;
  readonly members: readonly RouteMember[];
}

export interface RouteMember {
  /** `app/service`, as in `Upstreams`. */
  readonly service: string;
  readonly weight: number;
}

interface FlatRoute {
  readonly host: string;
  readonly path: string;
  readonly port: number;
  readonly tls: 'auto' | 'internal' | 'off';
  readonly weight: number;
  readonly stripPrefix: boolean;
  readonly service: string;
  readonly graceMs: number;
}

/** In the order in which they must be tried: narrower hosts before wider ones, longer prefixes before shorter ones. */
export function routeGroups(apps: readonly IngressApp[]): readonly RouteGroup[] {
  const routes = apps.flatMap(flatten);
  const byPlace = groupBy(routes, (route) => `${route.host} ${route.path}`);
  return [...byPlace.values()].map((same) => toGroup(same, strictestTls(routes, same))).sort(compareGroups);
}

/**
 * What must be answered while the proxy goes from one configuration to the other: the new groups, and every name that
 * only the old ones have.
 */
export function whileChanging(before: readonly RouteGroup[], after: readonly RouteGroup[]): readonly RouteGroup[] {
  const old = new Map(before.map((group) => [group.key, group]));
  const keys = new Set(after.map(({ key }) => key));
  const both = after.map((group): RouteGroup => {
    const labels = new Set(group.sources.map(({ label }) => label));
    const gone = (old.get(group.key)?.sources ?? []).filter(({ label }) => !labels.has(label));
    return gone.length === 0 ? group : { ...group, sources: [...group.sources, ...gone] };
  });
  return [...both, ...before.filter(({ key }) => !keys.has(key))];
}

function flatten(app: IngressApp): readonly FlatRoute[] {
  return app.services.flatMap(({ service, routes }) =>
    routes.map((route) => ({
      ...route,
      path: route.path.length > 1 ? route.path.replace(/\/+$/, '') || '/' : '/',
      service: `${app.app}/${service}`,
      graceMs: app.graceMs,
    })),
  );
}

function toGroup(same: readonly FlatRoute[], tls: RouteGroup['tls']): RouteGroup {
  const [{ host, path }] = same as [FlatRoute, ...FlatRoute[]];
  const byPort = groupBy(same, (route) => route.port);
  return {
    key: contentHash(`${host} ${path}`),
    host,
    path,
    tls,
    stripPrefix: path !== '/' && same.some((route) => route.stripPrefix),
    graceMs: Math.max(...same.map((route) => route.graceMs)),
    sources: [...byPort.entries()]
      .sort(([a], [b]) => a - b)
      .map(([port, members]) => ({
        label: contentHash(`${host} ${path} ${port}`),
        port,
        members: members
          .map(({ service, weight }) => ({ service, weight }))
          .sort((a, b) => compareText(a.service, b.service)),
      })),
  };
}

function strictestTls(routes: readonly FlatRoute[], same: readonly FlatRoute[]): RouteGroup['tls'] {
  const wanted = new Set(routes.filter(({ host }) => host === same[0]?.host).map(({ tls }) => tls));
  // No certificate can be had for every name there is.
  if (same[0]?.host === '*') return 'off';
  return wanted.has('auto') ? 'auto' : wanted.has('internal') ? 'internal' : 'off';
}

function compareGroups(a: RouteGroup, b: RouteGroup): number {
  const [rankA, rankB] = [breadth(a.host), breadth(b.host)];
  // Of `*.a.test` and `*.b.a.test` the longer one is the narrower.
  if (rankA !== rankB) return rankA - rankB;
  if (a.host !== b.host) return b.host.length - a.host.length || compareText(a.host, b.host);
  return b.path.length - a.path.length || compareText(a.path, b.path);
}

/** One name, the names below one, any name. */
function breadth(host: string): number {
  return host === '*' ? 2 : host.startsWith('*.') ? 1 : 0;
}
