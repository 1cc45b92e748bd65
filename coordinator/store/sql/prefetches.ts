/**
 * What hosts should download ahead (`toPrefetch`): of each deployment that nobody asked for by hand and that waits for its
 * window, or has begun and not reached the host. Derived at each asking, as the entries are: nothing of it is stored.
 */
import type { Prefetch } from '../../../fleet/assignment.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { Cause } from '../../../fleet/release.ts';
import { toPrefetch } from '../assignment-entries.ts';
import type { Placement, Target } from '../records.ts';
import { releaseContents } from './releases.ts';
import { fromJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

interface Waiting {
  readonly id: DeploymentId;
  readonly app: AppName;
  readonly release: number;
}

/** @returns for the hosts that have any; in a stable order */
export async function prefetchesOf(
  transaction: Transaction,
  targets: ReadonlyMap<HostId, readonly Target[]>,
): Promise<ReadonlyMap<HostId, readonly Prefetch[]>> {
  const found = new Map<HostId, Prefetch[]>();
  for (const waiting of await waitingDeployments(transaction)) {
    const [content] = await releaseContents(transaction, waiting.app, [waiting.release]);
    if (content?.release.spec.schedule?.window == null) continue;
    const placement = await placementOf(transaction, waiting.id);
    for (const [host, own] of targets) {
      const replicas = placement[host];
      const target = own.find(({ app }) => app === waiting.app);
      const isThere = target?.kind === 'remove' || (target?.kind === 'run' && target.release === waiting.release);
      if (replicas === undefined || isThere) continue;
      found.set(host, [...(found.get(host) ?? []), toPrefetch(content.release, replicas)]);
    }
  }
  return found;
}

/** Oldest first; an app has one of them at a time, or one that moves and one that waits behind it. */
async function waitingDeployments({ db }: Transaction): Promise<readonly Waiting[]> {
  const rows = await db
    .selectFrom('deployments')
    .select(['id', 'app', 'release', 'cause'])
    .where('state', 'in', ['queued', 'rolling', 'paused'])
    .orderBy('seq')
    .execute();
  const newest = new Map<string, Waiting>();
  for (const row of rows) {
    if (fromJson<Cause>(row.cause).kind === 'person') continue;
    newest.set(row.app, { id: row.id as DeploymentId, app: row.app as AppName, release: Number(row.release) });
  }
  return [...newest.values()];
}

async function placementOf({ db }: Transaction, id: DeploymentId): Promise<Placement> {
  const row = await db.selectFrom('deployments').select('placement').where('id', '=', id).executeTakeFirst();
  return row === undefined ? {} : fromJson<Placement>(row.placement);
}
