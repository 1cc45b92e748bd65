/**
 * Conflicts of routes with what other apps have on the same hosts, by their targets and by their deployments under way.
 * Read inside the transaction that enqueues a deployment too, so that of two at the same time the later one sees the
 * first.
 */
import type { AppName, HostId } from '../../../fleet/ids.ts';
import { mayConflict, routeConflicts } from '../../placement/route-conflicts.ts';
import type { RouteConflict, RoutedApp } from '../../placement/route-conflicts.ts';
import type { ReleaseStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { releaseContents } from './releases.ts';
import { fromJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof ReleaseStore> = Parameters<ReleaseStore[K]>[0];

export async function conflictingRoutes(
  transaction: Transaction,
  args: Args<'conflictingRoutes'>,
): Promise<readonly RouteConflict[]> {
  const { app, spec, placement } = args;
  if (Object.values(spec.services).every(({ ingress }) => ingress.length === 0)) return [];
  const others: RoutedApp[] = [];
  for (const other of await otherReleases(transaction, app)) {
    for (const { release } of await releaseContents(transaction, other.app, [...other.releases])) {
      if (!mayConflict(spec, release.spec)) continue;
      others.push(
        { app: other.app, spec: release.spec, placement: await targetsOf(transaction, other.app, release.number) },
        ...other.deployments
          .filter((deployment) => deployment.release === release.number)
          .map((deployment) => ({ app: other.app, spec: release.spec, placement: deployment.placement })),
      );
    }
  }
  if (others.length === 0) return [];
  return routeConflicts({ app, spec, placement }, await runningOf(transaction, app), others);
}

interface OtherApp {
  readonly app: AppName;
  readonly releases: Set<number>;
  readonly deployments: { readonly release: number; readonly placement: RoutedApp['placement'] }[];
}

async function otherReleases({ db }: Transaction, app: AppName): Promise<readonly OtherApp[]> {
  const found = new Map<string, OtherApp>();
  const entry = (name: string): OtherApp => {
    const known = found.get(name) ?? { app: name as AppName, releases: new Set(), deployments: [] };
    found.set(name, known);
    return known;
  };
  const targets = await db
    .selectFrom('targets')
    .select(['app', 'release'])
    .distinct()
    .where('app', '!=', app)
    .where('kind', '=', 'run')
    .execute();
  for (const row of targets) entry(row.app).releases.add(Number(row.release));
  const deployments = await db
    .selectFrom('deployments')
    .select(['app', 'release', 'placement'])
    .where('app', '!=', app)
    .where('state', 'in', [...UNENDED])
    .execute();
  for (const row of deployments) {
    const other = entry(row.app);
    other.releases.add(Number(row.release));
    other.deployments.push({ release: Number(row.release), placement: fromJson(row.placement) });
  }
  return [...found.values()];
}

async function runningOf(transaction: Transaction, app: AppName): Promise<readonly RoutedApp[]> {
  const rows = await transaction.db
    .selectFrom('targets')
    .select('release')
    .distinct()
    .where('app', '=', app)
    .where('kind', '=', 'run')
    .execute();
  const found = await releaseContents(
    transaction,
    app,
    rows.map((row) => Number(row.release)),
  );
  return Promise.all(
    found.map(async ({ release }) => ({
      app,
      spec: release.spec,
      placement: await targetsOf(transaction, app, release.number),
    })),
  );
}

async function targetsOf({ db }: Transaction, app: AppName, release: number): Promise<RoutedApp['placement']> {
  const rows = await db
    .selectFrom('targets')
    .select(['host', 'replicas'])
    .where('app', '=', app)
    .where('release', '=', release)
    .where('kind', '=', 'run')
    .execute();
  return Object.fromEntries(
    rows.map((row): [HostId, Readonly<Record<string, number>>] => [row.host as HostId, fromJson(row.replicas)]),
  );
}
