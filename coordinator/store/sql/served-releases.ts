/** Which releases an app served as a whole, in which order, and which one a rollback without a number goes to. */
import type { AppName } from '../../../fleet/ids.ts';
import { servedBefore, servesAfter } from '../served-order.ts';
import type { ServedOrder } from '../served-order.ts';
import type { ReleaseStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { release as readRelease } from './releases.ts';
import type { Transaction } from './transaction.ts';

/** @param before the release that the app served until now; null = none */
export async function releaseServes(
  transaction: Transaction,
  app: AppName,
  number: number,
  before: number | null,
): Promise<void> {
  const after = servesAfter(await servedOrder(transaction, app), before, number);
  await transaction.db
    .updateTable('releases')
    .set({ served: 1, served_after: after })
    .where('app', '=', app)
    .where('number', '=', number)
    .execute();
}

export async function servedOrder({ db }: Transaction, app: AppName): Promise<ServedOrder> {
  const rows = await db
    .selectFrom('releases')
    .select(['number', 'served_after'])
    .where('app', '=', app)
    .where('served', '=', 1)
    .execute();
  return new Map(rows.map((row) => [Number(row.number), row.served_after === null ? null : Number(row.served_after)]));
}

/** Before a release is forgotten: what served after it serves after the one before it. */
export async function closeGap({ db }: Transaction, app: AppName, number: number): Promise<void> {
  const gone = await db
    .selectFrom('releases')
    .select('served_after')
    .where('app', '=', app)
    .where('number', '=', number)
    .executeTakeFirst();
  await db
    .updateTable('releases')
    .set({ served_after: gone?.served_after ?? null })
    .where('app', '=', app)
    .where('served_after', '=', number)
    .execute();
}

export async function releaseBefore(
  transaction: Transaction,
  { app }: Parameters<ReleaseStore['releaseBefore']>[0],
): ReturnType<ReleaseStore['releaseBefore']> {
  const row = await transaction.db
    .selectFrom('apps')
    .leftJoin('deployments', 'deployments.id', 'apps.succeeded_by')
    .select(['apps.succeeded', 'deployments.seq'])
    .where('apps.name', '=', app)
    .executeTakeFirst();
  if (row === undefined || row.succeeded === null) return null;
  const succeeded = Number(row.succeeded);
  const before = servedBefore(await servedOrder(transaction, app), succeeded);
  const begun = await begunSince(transaction, app, succeeded, Number(row.seq ?? 0));
  const isLeft = begun.some((number) => !before.includes(number));
  const number = isLeft ? succeeded : before[0];
  return number === undefined ? null : readRelease(transaction, { app, number });
}

/** Other releases that a later deployment brings, or has left on hosts where it ended in place. */
async function begunSince(
  { db }: Transaction,
  app: AppName,
  succeeded: number,
  seq: number,
): Promise<readonly number[]> {
  const underWay = await db
    .selectFrom('deployments')
    .select('release')
    .where('app', '=', app)
    .where('state', 'in', [...UNENDED])
    .where('release', '!=', succeeded)
    .execute();
  const left = await db
    .selectFrom('targets')
    .innerJoin('deployments', 'deployments.id', 'targets.deployment')
    .select('targets.release')
    .distinct()
    .where('targets.app', '=', app)
    .where('targets.kind', '=', 'run')
    .where('targets.release', '!=', succeeded)
    .where('deployments.seq', '>', seq)
    .where('deployments.state', 'in', ['failed', 'cancelled'])
    .execute();
  return [...underWay, ...left].map((row) => Number(row.release));
}
