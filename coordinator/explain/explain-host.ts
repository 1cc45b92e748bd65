/** Gathers what `explain` needs of one host, from the store and the hub's memory. */
import type { AppName } from '../../fleet/ids.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { ExplainView } from '../../protocol/http-api/views.ts';
import { adoptCommand, describeRequest } from '../identity/adoption-requests.ts';
import type { AdoptionRequests } from '../identity/adoption-requests.ts';
import type { HubPort } from '../ports.ts';
import type { HostRow } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { explain } from './explain.ts';

export interface ExplainHostOptions {
  readonly store: Pick<
    Store,
    'app' | 'releases' | 'targetsOfHosts' | 'latestDeployments' | 'stepsOfHost' | 'pendingRestore' | 'quarantine'
  >;
  readonly hub: Pick<HubPort, 'live'>;
  readonly adoptions: Pick<AdoptionRequests, 'of'>;
}

export async function explainHost(row: HostRow, { store, hub, adoptions }: ExplainHostOptions): Promise<ExplainView> {
  const live = hub.live(row.id);
  const targets = await store.targetsOfHosts({ hosts: [row.id] });
  const apps = new Set<AppName>([
    ...targets.map((target) => target.app),
    ...Object.keys(live?.apps ?? {}).filter(isAppName),
  ]);
  const deployments = await store.latestDeployments({ apps: [...apps] });
  const steps = await store.stepsOfHost({ host: row.id, deployments: deployments.map(({ id }) => id) });
  const rows = new Map(
    (await Promise.all([...apps].map((app) => store.app({ app })))).map((found) => [found?.app, found]),
  );
  const held = (await Promise.all([...apps].map((app) => store.quarantine({ app }))))
    .flat()
    .filter(({ kind }) => kind === 'held');
  const scheduled = await scheduledOf(
    held.map(({ app }) => ({ app, release: rows.get(app)?.succeeded ?? null })),
    store,
  );
  return explain({
    name: row.name,
    availability: row.availability,
    connected: live?.connected ?? false,
    connectedChangedAt: live?.connectedChangedAt ?? null,
    lastSeenAt: live?.lastSeenAt ?? row.lastSeenAt,
    enrolledAt: row.enrolledAt,
    asking: adoptions
      .of(row.id)
      .map((request) => ({ machine: describeRequest(request), command: adoptCommand(row.name, request) })),
    refusal: live?.refusal ?? null,
    problems: live?.problems ?? [],
    restartNeeded: live?.metrics?.restartNeeded ?? false,
    waitsForRestore: (await store.pendingRestore()) !== null,
    apps: [...apps].sort().map((app) => {
      const deployment = deployments.find((found) => found.app === app) ?? null;
      return {
        app,
        target: targets.find((target) => target.app === app) ?? null,
        report: live?.apps[app] ?? null,
        succeeded: rows.get(app)?.succeeded ?? null,
        deployment,
        step: deployment === null ? null : (steps[deployment.id] ?? null),
        hold: scheduled.has(app) ? (held.find((row) => row.app === app)?.reason ?? null) : null,
      };
    }),
  });
}

/** Where no schedule brings updates, none are held. */
async function scheduledOf(
  apps: readonly { readonly app: AppName; readonly release: number | null }[],
  store: Pick<Store, 'releases'>,
): Promise<ReadonlySet<AppName>> {
  const found = await Promise.all(
    apps.map(async ({ app, release }) => (release === null ? [] : store.releases({ app, numbers: [release] }))),
  );
  return new Set(found.flat().flatMap(({ app, spec }) => (spec.schedule === null ? [] : [app])));
}
