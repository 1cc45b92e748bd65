/** What one host should run, from its targets. Pure: the same targets give the same entries and hash. */
import type { AppSpec, IngressRoute } from '../../fleet/app-spec.ts';
import type { AssignmentEntry, Prefetch, RunEntry } from '../../fleet/assignment.ts';
import { canonicalJson } from '../../fleet/canonical-json.ts';
import type { Release } from '../../fleet/release.ts';
import type { Capability } from '../../protocol/version.ts';
import type { Target } from './records.ts';

/** A release and the hash of what it holds. */
export interface ReleaseContent {
  readonly release: Release;
  readonly content: string;
}

export function toEntry(target: Target, release: Release | null): AssignmentEntry {
  if (target.kind === 'remove') return { kind: 'remove', app: target.app, volumes: target.volumes };
  if (release === null) throw new Error(`target of ${target.app} on ${target.host} names a release that is not kept`);
  return {
    kind: 'run',
    app: target.app,
    release: target.release,
    deployment: target.deployment,
    attempt: target.attempt,
    spec: specForAgents(release.spec),
    ...oneShotsOf(release.spec),
    ...(target.onlyOnce === true ? { onlyOnce: true } : {}),
    ...(target.replace === undefined ? {} : { replace: target.replace }),
    hashes: release.hashes,
    replicas: target.replicas,
    secretVersions: release.secretVersions,
    rollback: target.rollback,
    ...startFirst(release.spec),
    // Going back asks for nothing: what was allowed once was allowed for that time.
    ...(target.rollback || release.spec.recreateVolumes === undefined
      ? {}
      : { recreateVolumes: release.spec.recreateVolumes }),
    requires: requiredCapabilities(release.spec),
  };
}

function startFirst(spec: AppSpec): Pick<RunEntry, 'startFirst'> {
  const names = Object.entries(spec.services).flatMap(([name, service]) =>
    service.orderStated === true && service.order === 'start-first' ? [name] : [],
  );
  return names.length === 0 ? {} : { startFirst: names };
}

/** The images of the services that the host is to run. The schedule's splay, which spread the question, spreads the answer. */
export function toPrefetch(release: Release, replicas: Readonly<Record<string, number>>): Prefetch {
  const images = Object.entries(release.spec.services).flatMap(([service, { image }]) =>
    image.digest === null || (replicas[service] ?? 0) === 0
      ? []
      : [{ service, reference: image.reference, digest: image.digest, platform: image.platform }],
  );
  return { app: release.app, release: release.number, images, spreadMs: release.spec.schedule?.splayMs ?? 0 };
}

/**
 * What the hash of an assignment covers. A release stands in it by the hash of its content and not only by its number:
 * after a restore the same number may hold something else.
 */
export function contentText(
  host: string,
  targets: readonly Target[],
  content: (target: Target) => string,
  prefetch: readonly Prefetch[],
): string {
  const entries = targets.map((target) => ({ ...target, content: content(target) }));
  return canonicalJson({ host, entries, ...(prefetch.length === 0 ? {} : { prefetch }) });
}

/** Without the keys that travel beside it, or that only the coordinator needs: older agents refuse keys they do not know. */
function specForAgents(spec: AppSpec): AppSpec {
  const services = Object.entries(spec.services).map(
    ([name, { orderStated: _orderStated, run: _run, once: _once, ingress, ...service }]) =>
      [name, { ...service, ingress: ingress.map(routeForAgents) }] as const,
  );
  const { recreateVolumes: _recreateVolumes, require: _require, ...known } = spec;
  return { ...known, services: Object.fromEntries(services) };
}

function routeForAgents({ shared: _shared, ...route }: IngressRoute): IngressRoute {
  return route;
}

function oneShotsOf(spec: AppSpec): Pick<RunEntry, 'always' | 'once'> {
  const names = Object.keys(spec.services);
  const always = names.filter((name) => spec.services[name]?.run === 'always');
  const once = names.filter((name) => spec.services[name]?.once === 'deployment');
  return { ...(always.length === 0 ? {} : { always }), ...(once.length === 0 ? {} : { once }) };
}

function requiredCapabilities(spec: AppSpec): readonly Capability[] {
  const services = Object.values(spec.services);
  const required: Capability[] = ['swap'];
  if (services.some((service) => service.ingress.length > 0)) required.push('ingress');
  if (services.some((service) => service.secrets.length > 0)) required.push('secrets');
  if (services.some((service) => service.run !== undefined || service.once !== undefined)) required.push('one-shots');
  if (spec.schedule !== null) required.push('schedule');
  if (spec.offline === 'update') required.push('offline-update');
  return required;
}
