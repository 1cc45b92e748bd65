/** An app over its hosts: how much of it is up, and where it is reached. Pure. */
import type { AppName } from '../../../fleet/ids.ts';
import type { AppSpec, IngressRoute } from '../../../fleet/app-spec.ts';
import type { AppHealthView, AppView, DeploymentView } from '../../../protocol/http-api/views.ts';
import type { LiveHost } from '../../ports.ts';
import { refusalForApp, refusalText } from '../../refusal-for-app.ts';
import type { HostRow, QuarantineRow, RunTarget, Target } from '../../store/records.ts';
import { targetWaiting } from './host-view.ts';

/** One host of an app, with what is wanted and what was heard. */
export interface AppHost {
  readonly row: HostRow;
  readonly target: Target;
  readonly live: LiveHost | null;
}

export interface AppFacts {
  readonly app: AppName;
  readonly succeeded: number | null;
  readonly hosts: readonly AppHost[];
  /** Of the last succeeded release, else of the newest deployment. */
  readonly spec: AppSpec | null;
  readonly deployment: DeploymentView | null;
  readonly quarantine: readonly QuarantineRow[];
}

export function appView(facts: AppFacts): AppView {
  const health = appHealthView(facts.app, facts.hosts);
  const running = facts.hosts.filter((host) => host.target.kind === 'run');
  return {
    app: facts.app,
    release: facts.succeeded,
    running: runningReleases(facts),
    hosts: running.length,
    converged: running.filter((host) => waitingOf(host) === null).length,
    healthy: health.healthy,
    deployment: facts.deployment,
    urls: facts.spec === null ? [] : appUrls(facts.spec, running),
    schedule: facts.spec?.schedule?.cron ?? null,
    quarantined: facts.quarantine.map(({ kind, service, digest, reason, since }) => ({
      kind,
      service,
      digest,
      reason,
      since,
    })),
  };
}

const NAMES_SHOWN = 20;

/** A host that still has to remove the app counts with what it runs until then. */
function runningReleases({ app, succeeded, hosts }: AppFacts): AppView['running'] {
  const names = new Map<number | null, string[]>();
  for (const { row, target, live } of hosts) {
    const report = live?.apps[app];
    const release = report?.removed === true ? null : (report?.release ?? null);
    if (target.kind === 'remove' && release === null) continue;
    const known = names.get(release);
    if (known === undefined) names.set(release, [row.name]);
    else known.push(row.name);
  }
  return [...names]
    .map(([release, on]) => ({
      release,
      hosts: on.length,
      names: release !== null && release === succeeded ? [] : on.slice(0, NAMES_SHOWN),
    }))
    .sort((a, b) => b.hosts - a.hosts || (b.release ?? 0) - (a.release ?? 0));
}

export function appHealthView(app: AppName, hosts: readonly AppHost[]): AppHealthView {
  const wanted = new Map<string, number>();
  const counts = new Map<string, { healthy: number; unhealthy: number }>();
  for (const { target, live } of hosts) {
    if (target.kind !== 'run') continue;
    for (const [service, replicas] of Object.entries(target.replicas))
      wanted.set(service, (wanted.get(service) ?? 0) + replicas);
    for (const instance of live?.apps[app]?.instances ?? []) {
      const count = counts.get(instance.service) ?? { healthy: 0, unhealthy: 0 };
      const isGood = instance.state === 'healthy' || instance.completed === true;
      if (isGood && live?.connected === true) count.healthy += 1;
      else if (instance.state !== 'draining' && instance.state !== 'stopped') count.unhealthy += 1;
      counts.set(instance.service, count);
    }
  }
  const services = [...new Set([...wanted.keys(), ...counts.keys()])].sort().map((service) => ({
    service,
    wanted: wanted.get(service) ?? 0,
    healthy: counts.get(service)?.healthy ?? 0,
    unhealthy: counts.get(service)?.unhealthy ?? 0,
  }));
  return {
    app,
    healthy: wanted.size > 0 && services.every((service) => service.healthy >= service.wanted),
    services,
    hosts: hosts.map((host) => ({
      host: host.row.name,
      connected: host.live?.connected ?? false,
      converged: waitingOf(host) === null,
      release: host.live?.apps[app]?.release ?? null,
      waiting: waitingOf(host),
    })),
  };
}

function waitingOf({ target, live }: AppHost): string | null {
  const refusal = refusalForApp(live?.refusal ?? null, target.app);
  if (refusal !== null) return refusalText(refusal);
  return targetWaiting(target, live?.apps[target.app] ?? null, live !== null);
}

/** One URL per route and host that runs the service; a host without an ingress port has none. */
function appUrls(spec: AppSpec, hosts: readonly AppHost[]): string[] {
  const urls = new Set<string>();
  for (const [service, { ingress }] of Object.entries(spec.services)) {
    for (const { row, target, live } of hosts) {
      if (((target as RunTarget).replicas[service] ?? 0) === 0) continue;
      for (const route of ingress) {
        const url = routeUrl(route, row, live);
        if (url !== null) urls.add(url);
      }
    }
  }
  return [...urls].sort();
}

function routeUrl(route: IngressRoute, row: HostRow, live: LiveHost | null): string | null {
  const scheme = route.tls === 'off' ? 'http' : 'https';
  const port = scheme === 'http' ? live?.ingress?.http : live?.ingress?.https;
  if (port == null) return null;
  const isDefault = port === (scheme === 'http' ? 80 : 443);
  // A route for any name is reached under what people call the host.
  const host = route.host === '*' ? (row.labels.address ?? row.name) : route.host;
  return `${scheme}://${host}${isDefault ? '' : `:${port}`}${route.path}`;
}
