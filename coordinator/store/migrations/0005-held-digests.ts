/** Digests that a rollback holds: kept beside the ones that failed their gate, and told apart by `kind`. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .alterTable('quarantine')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo('failed'))
    .execute();
}
