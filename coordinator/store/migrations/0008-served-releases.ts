/**
 * Which releases an app served as a whole, and after which one each: what a rollback goes by. And whether a person
 * resumed a deployment that nobody had asked for: its waves wait for no maintenance window any more.
 */
import type { Kysely } from 'kysely';
import { servesAfter } from '../served-order.ts';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  const releases = db.schema.alterTable('releases');
  await releases.addColumn('served', 'integer', (column) => column.notNull().defaultTo(0)).execute();
  await releases.addColumn('served_after', 'bigint').execute();
  await db.schema
    .alterTable('deployments')
    .addColumn('by_hand', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();

  const succeeded = await db
    .selectFrom('deployments')
    .select(['app', 'release'])
    .where('state', '=', 'succeeded')
    .orderBy('seq')
    .execute();
  const apps = new Map<string, Map<number, number | null>>();
  const current = new Map<string, number>();
  for (const row of succeeded) {
    const release = Number(row.release);
    const order = apps.get(row.app) ?? new Map<number, number | null>();
    apps.set(row.app, order);
    order.set(release, servesAfter(order, current.get(row.app) ?? null, release));
    current.set(row.app, release);
  }
  for (const [app, order] of apps) {
    for (const [release, after] of order) {
      await db
        .updateTable('releases')
        .set({ served: 1, served_after: after })
        .where('app', '=', app)
        .where('number', '=', release)
        .execute();
    }
  }
}
