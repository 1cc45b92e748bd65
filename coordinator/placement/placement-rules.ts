/**
 * What a placement must not do. Service names resolve only inside one host's copy of the app, a named volume
 * is a directory of one host, and a certificate authority checks a name at one address. Pure.
 */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { Placement } from '../store/records.ts';

export function brokenRules(
  spec: AppSpec,
  placement: Placement,
  names: ReadonlyMap<HostId, string>,
): readonly ProblemDetail[] {
  const where = (matches: (services: Readonly<Record<string, number>>) => boolean): readonly string[] =>
    (Object.keys(placement) as HostId[])
      .filter((host) => matches(placement[host] ?? {}))
      .map((host) => names.get(host) ?? host)
      .sort();
  const runs = (service: string) => where((services) => (services[service] ?? 0) > 0);
  return [
    ...splitDependencies(spec, where),
    ...splitVolumes(spec, where),
    ...Object.entries(spec.services).flatMap(([name, service]) => acmeNames(name, service, runs(name))),
  ];
}

/** @param services that run once before the first wave, all on the same host */
export function onceRefusal(app: AppName, services: readonly string[], placement: Placement): Problem | null {
  const isShared = Object.values(placement).some((replicas) => services.every((name) => (replicas[name] ?? 0) > 0));
  if (services.length < 2 || isShared) return null;
  const all = services.join(' and ');
  return problem('UNPLACEABLE', `place ${app}: no host runs all of ${all}, which run once before the first wave`, {
    details: services.map((name) =>
      detail(`services.${name}.x-longshore.once`, `${all} have no host in common; give them the same constraints`),
    ),
  });
}

type Where = (matches: (services: Readonly<Record<string, number>>) => boolean) => readonly string[];

function splitDependencies(spec: AppSpec, where: Where): readonly ProblemDetail[] {
  const details: ProblemDetail[] = [];
  for (const [name, service] of Object.entries(spec.services)) {
    for (const needed of Object.keys(service.dependsOn)) {
      const alone = where((services) => (services[name] ?? 0) > 0 && (services[needed] ?? 0) === 0);
      if (alone.length === 0) continue;
      const message = `it would run on ${listed(alone)} without ${needed}, which it depends on; services find each other only on their own host (leave out replicas and constraints, or give both the same)`;
      details.push(detail(`services.${name}.depends_on.${needed}`, message));
    }
  }
  return details;
}

function splitVolumes(spec: AppSpec, where: Where): readonly ProblemDetail[] {
  if (spec.volumeScope === 'per-host') return [];
  const details: ProblemDetail[] = [];
  for (const volume of Object.keys(spec.volumes)) {
    const users = Object.entries(spec.services)
      .filter(([, service]) => uses(service, volume))
      .map(([name]) => name);
    const hosts = where((services) => users.some((name) => (services[name] ?? 0) > 0));
    if (hosts.length < 2) continue;
    const message = `it would exist ${hosts.length} times with different data, on ${listed(hosts)}; keep ${listed(users)} on one host, or say \`x-longshore.volumes: per-host\``;
    details.push(detail(`volumes.${volume}`, message));
  }
  return details;
}

function acmeNames(name: string, service: ServiceSpec, hosts: readonly string[]): readonly ProblemDetail[] {
  if (hosts.length < 2) return [];
  return service.ingress
    .filter((route) => route.tls === 'auto' && isPublicName(route.host))
    .map((route) =>
      detail(
        `services.${name}.x-longshore.ingress`,
        `a certificate for ${route.host} cannot be got by ${hosts.length} hosts (${listed(hosts)}) at once; use \`tls: internal\` or \`off\` behind a balancer that has the certificate`,
      ),
    );
}

/** A name for which a public authority would be asked; for others Caddy signs by itself. */
function isPublicName(host: string): boolean {
  if (!host.includes('.') || host.includes('*') || /^[\d.]+$/.test(host) || host.includes(':')) return false;
  return !/\.(localhost|local|internal|test|invalid|example|lan|home\.arpa)$/.test(host);
}

const uses = (service: ServiceSpec, volume: string): boolean =>
  service.mounts.some((mount) => mount.kind === 'volume' && mount.volume === volume);

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

const detail = (path: string, message: string): ProblemDetail => ({ path, message, line: null, column: null });
