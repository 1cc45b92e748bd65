/**
 * Where the traffic of one app goes: to the generation that serves, without instances that have failed, but never to
 * none while one runs. Instances that this process has not probed yet are trusted, or a restart of the agent would be
 * an outage. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { IngressApp, IngressService, Upstreams } from '../ingress/ingress.ts';
import { type InstanceRecord, keysOf, serviceOfKey } from '../state/app-journal.ts';
import { addressOf, type AppContext, findContainer, healthOf, specOf } from './app-context.ts';
import { hasRoutes } from './plan-retirement.ts';
import { probeAddress } from './probe-target.ts';
import { addressAt } from './subnet.ts';

export interface AppRouting {
  /** Null: no service of it is reached through the ingress. */
  readonly configuration: IngressApp | null;
  readonly upstreams: Upstreams;
  readonly isReady: boolean;
}

export interface ServingGeneration {
  readonly entry: RunEntry | null;
  readonly instances: Readonly<Record<string, InstanceRecord>>;
  /** On their way out: they get nothing new. */
  readonly leaving: ReadonlySet<InstanceId>;
}

export const NO_ROUTING: AppRouting = { configuration: null, upstreams: {}, isReady: false };

export function routeApp(context: AppContext, serving: ServingGeneration): AppRouting {
  const { entry } = serving;
  if (entry === null) return NO_ROUTING;
  const routed = Object.keys(entry.spec.services).filter(
    (service) => hasRoutes(specOf(entry, service)) && (entry.replicas[service] ?? 0) > 0,
  );
  if (routed.length === 0) return NO_ROUTING;
  const upstreams: Record<string, readonly string[]> = {};
  for (const service of routed) upstreams[`${context.app}/${service}`] = upstreamsOf(context, serving, entry, service);
  return {
    configuration: {
      app: context.app,
      services: routed.map((service) => toIngressService(context, entry, service)),
      graceMs: Math.max(...routed.map((service) => specOf(entry, service)?.stopGraceMs ?? 0)),
    },
    upstreams,
    isReady: Object.values(upstreams).every((addresses) => addresses.length > 0),
  };
}

function upstreamsOf(
  context: AppContext,
  serving: ServingGeneration,
  entry: RunEntry,
  service: string,
): readonly string[] {
  const spec = specOf(entry, service);
  const running: { readonly address: string; readonly isTrusted: boolean }[] = [];
  for (const [key, record] of Object.entries(serving.instances)) {
    const container = findContainer(context, record.instance);
    if (serviceOfKey(key) !== service || container?.state !== 'running' || serving.leaving.has(record.instance))
      continue;
    // Without an address it is being connected again: its traffic comes back with it, sooner than it could move.
    const address = spec === null ? null : (probeAddress(spec, container) ?? addressOf(context, entry, key, record));
    if (address !== null) running.push({ address, isTrusted: isTrusted(context, record.instance) });
  }
  const trusted = running.filter((each) => each.isTrusted);
  return [...new Set((trusted.length > 0 ? trusted : running).map((each) => each.address))].sort();
}

function isTrusted(context: AppContext, instance: InstanceId): boolean {
  const health = healthOf(context, instance);
  if (health === undefined) return true;
  if (health.isUnhealthy) return false;
  return health.healthySinceMs !== null || health.everHealthy || !health.isRestarted;
}

function toIngressService(context: AppContext, entry: RunEntry, service: string): IngressService {
  const spec = specOf(entry, service);
  // Told before the network exists, or the first deployment would configure the proxy twice.
  const subnet = context.network?.subnet ?? context.journal.subnet;
  const addresses: string[] = [];
  for (const key of keysOf(entry)) {
    const index = context.journal.addresses[key];
    if (serviceOfKey(key) !== service) continue;
    if (spec?.networkMode === 'host') addresses.push('127.0.0.1');
    else if (index !== undefined && subnet !== null)
      for (const slot of [0, 1] as const) addresses.push(addressAt(subnet, index, slot) ?? '');
  }
  return {
    service,
    routes: spec?.ingress ?? [],
    addresses: [...new Set(addresses.filter((address) => address !== ''))].sort(),
  };
}
