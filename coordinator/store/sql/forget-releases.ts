/** Which releases something still needs: a host, a deployment, or the way back. The oldest of the others are forgotten. */
import type { AppName } from '../../../fleet/ids.ts';
import { servedBefore } from '../served-order.ts';
import { UNENDED } from './deployments.ts';
import { closeGap, servedOrder } from './served-releases.ts';
import type { Transaction } from './transaction.ts';

/** Releases that hosts run or may be told to run without anybody deploying anew. */
export async function releasesInUse({ db }: Transaction, app: AppName): Promise<ReadonlySet<number>> {
  const used = new Set<number>();
  const use = (...numbers: readonly (number | null)[]): void => {
    for (const number of numbers) if (number !== null) used.add(Number(number));
  };
  for (const row of await db.selectFrom('apps').select('succeeded').where('name', '=', app).execute())
    use(row.succeeded);
  for (const row of await db.selectFrom('targets').select('release').distinct().where('app', '=', app).execute())
    use(row.release);
  const unended = await db
    .selectFrom('deployments')
    .select(['id', 'release', 'base'])
    .where('app', '=', app)
    .where('state', 'in', [...UNENDED])
    .execute();
  for (const row of unended) {
    use(row.release, row.base);
    const steps = await db
      .selectFrom('steps')
      .select('from_release')
      .distinct()
      .where('deployment', '=', row.id)
      .execute();
    for (const step of steps) use(step.from_release);
  }
  return used;
}

/** Forgets releases beyond the newest `keep` that are not in use, and that a rollback would not go to. */
export async function forgetReleases(transaction: Transaction, app: AppName, keep: number): Promise<void> {
  const { db } = transaction;
  const old = await db
    .selectFrom('releases')
    .select('number')
    .where('app', '=', app)
    .orderBy('number', 'desc')
    .limit(1_000)
    .offset(keep)
    .execute();
  if (old.length === 0) return;
  const needed = new Set(await releasesInUse(transaction, app));
  const current = await db.selectFrom('apps').select('succeeded').where('name', '=', app).executeTakeFirst();
  const order = await servedOrder(transaction, app);
  const [before] = current?.succeeded == null ? [] : servedBefore(order, Number(current.succeeded));
  if (before !== undefined) needed.add(before);
  for (const row of old) {
    const number = Number(row.number);
    if (needed.has(number)) continue;
    await closeGap(transaction, app, number);
    await db.deleteFrom('releases').where('app', '=', app).where('number', '=', number).execute();
  }
}
