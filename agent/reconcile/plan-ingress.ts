/**
 * What the host's ingress should be told, for all apps at once: routes (rarely, one `/load`), where traffic goes (a DNS
 * answer, never a reload), and which apps a balancer may send to this host. Pure.
 */
import type { Instant } from '../clock.ts';
import type { Upstreams } from '../ingress/ingress.ts';
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
  const upstreams: Upstreams = Object.assign({}, ...routings.map((routing) => routing.upstreams)) as Upstreams;
  const ready = routings.flatMap(({ configuration, isReady }) =>
    configuration !== null && isReady ? [configuration.app] : [],
  );
  const wanted: Action[] = [];
  if (!isSame(ingress.apps, apps)) wanted.push({ kind: 'configure-ingress', apps });
  if (!isSame(ingress.upstreams, upstreams)) wanted.push({ kind: 'publish', upstreams });
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

/** Both sides are built by the same functions in the same order, so their texts are equal when they are. */
function isSame(taken: unknown, wanted: unknown): boolean {
  return JSON.stringify(taken) === JSON.stringify(wanted);
}
