/**
 * What the host's ingress should be told, for all apps at once: routes (rarely, one `/load`), where traffic goes (a DNS
 * answer, never a reload), and which apps a balancer may send to this host. Pure.
 */
import type { Instant } from '../clock.ts';
import type { IngressApp, Upstreams } from '../ingress/ingress.ts';
import { type Action, objectOf } from './action.ts';
import type { Observation } from './observation.ts';
import type { Wait } from './plan-builder.ts';
import type { AppRouting } from './routing.ts';

export interface IngressPlan {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
}

export function planIngress(observation: Observation, routings: readonly AppRouting[], now: Instant): IngressPlan {
  const { ingress } = observation;
  if (ingress === null) return { actions: [], waits: [] };
  const apps = routings.flatMap(({ configuration }) => (configuration === null ? [] : [configuration]));
  const routed: Upstreams = Object.assign({}, ...routings.map((routing) => routing.upstreams)) as Upstreams;
  const leaving = stillConfigured(ingress, apps);
  const upstreams = { ...routed, ...leaving };
  const isPublished = isSame(ingress.upstreams, upstreams);
  const ready = routings.flatMap(({ configuration, isReady }) =>
    configuration !== null && isReady ? [configuration.app] : [],
  );
  const wanted: Action[] = [];
  const waitsForPublication = Object.keys(leaving).length > 0 && !isPublished;
  if (!isSame(ingress.apps, apps) && !waitsForPublication) wanted.push({ kind: 'configure-ingress', apps });
  if (!isPublished) wanted.push({ kind: 'publish', upstreams });
  if (!isSame(ingress.ready, ready)) wanted.push({ kind: 'set-ready', apps: ready });
  const waits: Wait[] = [];
  const actions = wanted.filter((action) => {
    const failure = observation.failures[objectOf(action)];
    if (failure === undefined || failure.retryAtMs <= now.monotonicMs) return true;
    waits.push({ app: null, reason: failure.problem.message, wakeAtMs: failure.retryAtMs });
    return false;
  });
  return { actions, waits };
}

/**
 * Ports that the proxy's configuration names and the next one does not, with those who answer on them: they keep their
 * traffic until the next configuration is loaded, because its ports are not those of the instances before.
 */
function stillConfigured(
  { apps, upstreams }: NonNullable<Observation['ingress']>,
  next: readonly IngressApp[],
): Upstreams {
  if (apps === null || upstreams === null) return {};
  const kept = new Set(portsOf(next).map(({ key }) => key));
  return Object.fromEntries(
    portsOf(apps)
      .filter(({ key }) => !kept.has(key))
      .flatMap(({ key, service }) => {
        const addresses = upstreams[key] ?? upstreams[service] ?? [];
        return addresses.length === 0 ? [] : [[key, addresses]];
      }),
  );
}

function portsOf(apps: readonly IngressApp[]): readonly { readonly key: string; readonly service: string }[] {
  return apps.flatMap(({ app, services }) =>
    services.flatMap(({ service, routes }) =>
      routes.map(({ port }) => ({ key: `${app}/${service}:${port}`, service: `${app}/${service}` })),
    ),
  );
}

/** Both sides are built by the same functions in the same order, so their texts are equal when they are. */
function isSame(taken: unknown, wanted: unknown): boolean {
  return JSON.stringify(taken) === JSON.stringify(wanted);
}
