/**
 * Takes instances out of service: traffic moves away, requests under way end, the container stops with its grace, and is
 * removed. Who is retired: everything of ours that neither serves nor is a candidate of the attempt under way. Pure.
 */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { AttemptRecord } from '../state/app-journal.ts';
import { type AppContext, isUp, specOf } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { probeAddress } from './probe-target.ts';

/** Where nothing says how long it needs to stop. */
const DEFAULT_GRACE_MS = 10_000;

/** Instances that must stay: what serves, what is about to, and what ran once until its deployment reaches this host. */
export function protectedInstances(context: AppContext): ReadonlySet<InstanceId> {
  const { committed, attempt } = context.journal;
  return new Set([
    ...Object.values(committed?.instances ?? {}).map((record) => record.instance),
    ...(attempt?.state === 'running' || isOnceDone(attempt)
      ? Object.values(attempt.candidates).map((record) => record.instance)
      : []),
  ]);
}

function isOnceDone(attempt: AttemptRecord | null): attempt is AttemptRecord {
  return attempt?.state === 'passed' && attempt.entry.onlyOnce === true;
}

export function planStrays(context: AppContext, builder: PlanBuilder): void {
  const kept = protectedInstances(context);
  for (const container of context.containers) {
    if (!kept.has(container.instance)) planRetirement(context, builder, container);
  }
}

/** The next step on the way out. */
export function planRetirement(context: AppContext, builder: PlanBuilder, container: ContainerObservation): void {
  const { app } = context;
  const { service, instance } = container;
  if (!isUp(container)) builder.want({ kind: 'remove', app, service, instance });
  else planStop(context, builder, container, 'after-its-requests');
}

/**
 * The next step towards a container that is stopped. Where a new instance waits for its place (stop-first), waiting for
 * the requests under way only makes the outage longer: they have the container's own grace to end in.
 */
export function planStop(
  context: AppContext,
  builder: PlanBuilder,
  container: ContainerObservation,
  when: 'after-its-requests' | 'at-once',
): void {
  const { app } = context;
  const { service, instance } = container;
  const spec = specOfInstance(context, container);
  const graceMs = graceOf(context, container);
  const address = spec === null ? container.address : probeAddress(spec, container);
  const name = `${service}/${container.replica} (${instance})`;
  if (isRouted(context, service, address)) {
    builder.wait(`${name} stops when its traffic has moved`);
    return;
  }
  if (context.network !== null && container.address !== null && hasSuccessor(context, container)) {
    const names = { aliases: [], links: container.links };
    const network = context.network.name;
    builder.want({ kind: 'set-names', app, service, instance, network, address: container.address, names });
    return;
  }
  if (
    when === 'after-its-requests' &&
    address !== null &&
    hadRoutes(context, service) &&
    context.facts.ingress !== null &&
    !context.facts.drained.has(instance)
  ) {
    builder.want({ kind: 'drain', app, service, instance, address, graceMs });
    builder.wait(`${name} ends its requests`);
    return;
  }
  builder.want({ kind: 'stop', app, service, instance, graceMs });
  builder.wait(`${name} stops`);
}

/** Traffic reaches this address, or may: what a proxy did before this process began is not known. */
export function isRouted(context: AppContext, service: string, address: string | null): boolean {
  const { ingress } = context.facts;
  if (ingress === null || address === null) return false;
  if (ingress.upstreams === null) return hadRoutes(context, service);
  const name = `${context.app}/${service}`;
  return Object.entries(ingress.upstreams).some(
    ([key, addresses]) => (key === name || key.startsWith(`${name}:`)) && addresses.includes(address),
  );
}

export function hasRoutes(spec: ServiceSpec | null): boolean {
  return spec !== null && spec.ingress.length > 0;
}

/** By any entry that it may have run under: a release can take the routes of a service away. */
function hadRoutes(context: AppContext, service: string): boolean {
  const { committed, attempt, previous } = context.journal;
  return [committed?.entry, attempt?.entry, previous].some((entry) => hasRoutes(specOf(entry ?? null, service)));
}

/**
 * How long it has to stop in, by the spec that it was made from: a newer release may state another grace for the service,
 * or not have the service any more. The container itself knows, also when the journal is lost or no longer has its entry.
 */
export function graceOf(context: AppContext, container: ContainerObservation): number {
  return container.stopGraceMs ?? specOfInstance(context, container)?.stopGraceMs ?? DEFAULT_GRACE_MS;
}

/** The spec that the instance was made from, or the next best one of its service. */
function specOfInstance(context: AppContext, container: ContainerObservation): ServiceSpec | null {
  const { committed, attempt, previous } = context.journal;
  const { service, hash } = container;
  const entries = [committed?.entry, attempt?.entry, previous].flatMap((entry) => entry ?? []);
  const own = entries.find((entry) => entry.hashes[service] === hash);
  return specOf(own ?? null, service) ?? entries.flatMap((entry) => specOf(entry, service) ?? [])[0] ?? null;
}

/** Its names go only when another one answers to them, and a third could ask: else a reconnect helps nobody. */
function hasSuccessor(context: AppContext, container: ContainerObservation): boolean {
  const others = context.containers.filter((each) => each.instance !== container.instance && isUp(each));
  const staying = protectedInstances(context);
  return others.some(
    (each) =>
      others.length > 1 &&
      staying.has(each.instance) &&
      each.aliases.some((alias) => container.aliases.includes(alias)),
  );
}
