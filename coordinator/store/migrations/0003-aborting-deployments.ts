/** Whether a deployment ends what is under way instead of waiting for it: a wish that outlives the coordinator. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .alterTable('deployments')
    .addColumn('aborts', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
