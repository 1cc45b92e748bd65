/** The step before the first wave, in which one host runs what is to run once for the whole deployment. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('once', 'text').execute();
  await db.schema
    .alterTable('targets')
    .addColumn('only_once', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
