/**
 * Apps as the API shows them. A list reads hosts, targets, releases and deployments once for all of its apps: a page
 * that is open in a browser asks for the list again and again.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { groupBy } from '../../fleet/group-by.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { AppView } from '../../protocol/http-api/views.ts';
import type { HubPort } from '../ports.ts';
import type { AppRow, HostRow, Target } from '../store/records.ts';
import type { HostStore, ReleaseStore, RolloutStore, TargetStore } from '../store/store.ts';
import { deploymentViews, storedDeploymentView } from './create-views.ts';
import { appView } from './views/app-view.ts';
import type { AppHost } from './views/app-view.ts';

export interface AppViewsOptions {
  readonly store: Pick<HostStore, 'allHosts' | 'hostNames'> &
    Pick<TargetStore, 'targetsOfApp' | 'targetsOfHosts'> &
    Pick<ReleaseStore, 'currentReleases' | 'quarantine' | 'release' | 'requiringAll'> &
    Pick<RolloutStore, 'latestDeployments' | 'notableSteps'>;
  readonly hub: Pick<HubPort, 'live'>;
}

export async function oneAppView(row: AppRow, options: AppViewsOptions): Promise<AppView> {
  const { store, hub } = options;
  const { app, succeeded } = row;
  const [hosts, quarantine, latest] = await Promise.all([
    hostsOfApp(app, options),
    store.quarantine({ app }),
    store.latestDeployments({ apps: [app] }),
  ]);
  const [newest] = latest;
  const deployment = newest === undefined ? null : await storedDeploymentView(newest, { store, hub });
  const number = succeeded ?? deployment?.release ?? null;
  const spec = number === null ? null : ((await store.release({ app, number }))?.spec ?? null);
  return appView({ app, succeeded, hosts, spec, deployment, quarantine });
}

export async function manyAppViews(rows: readonly AppRow[], options: AppViewsOptions): Promise<readonly AppView[]> {
  if (rows.length === 0) return [];
  const { store, hub } = options;
  const apps = rows.map(({ app }) => app);
  const [all, releases, latest] = await Promise.all([
    store.allHosts(),
    store.currentReleases(),
    store.latestDeployments({ apps }),
  ]);
  const targets = groupBy(await store.targetsOfHosts({ hosts: all.map(({ id }) => id) }), ({ app }) => app);
  const deployments = new Map((await deploymentViews(latest, { store, hub })).map((view) => [view.app, view]));
  const specs = new Map(releases.map(({ release }) => [release.app, release]));
  const hosts = hostsById(all);
  const specOf = async ({ app, succeeded }: AppRow): Promise<AppSpec | null> => {
    const current = specs.get(app);
    if (succeeded !== null && current?.number === succeeded) return current.spec;
    const number = succeeded ?? deployments.get(app)?.release ?? null;
    return number === null ? null : ((await store.release({ app, number }))?.spec ?? null);
  };
  return Promise.all(
    rows.map(async (row) =>
      appView({
        app: row.app,
        succeeded: row.succeeded,
        hosts: appHosts(targets.get(row.app) ?? [], hosts, hub),
        spec: await specOf(row),
        deployment: deployments.get(row.app) ?? null,
        quarantine: await store.quarantine({ app: row.app }),
      }),
    ),
  );
}

export async function hostsOfApp(
  app: AppName,
  {
    store,
    hub,
  }: {
    readonly store: Pick<AppViewsOptions['store'], 'allHosts' | 'targetsOfApp'>;
    readonly hub: AppViewsOptions['hub'];
  },
): Promise<readonly AppHost[]> {
  const [targets, rows] = await Promise.all([store.targetsOfApp({ app }), store.allHosts()]);
  return appHosts(targets, hostsById(rows), hub);
}

function hostsById(rows: readonly HostRow[]): ReadonlyMap<HostId, HostRow> {
  return new Map(rows.map((row) => [row.id, row]));
}

/** By name. */
function appHosts(
  targets: readonly Target[],
  hosts: ReadonlyMap<HostId, HostRow>,
  hub: AppViewsOptions['hub'],
): readonly AppHost[] {
  return targets
    .flatMap((target) => {
      const row = hosts.get(target.host);
      return row === undefined ? [] : [{ row, target, live: hub.live(target.host) }];
    })
    .sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
}
