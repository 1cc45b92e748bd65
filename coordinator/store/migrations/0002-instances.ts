/** Hosts that are instances of Google Cloud, labels that follow their pool, and drains because of a power-off. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  const add = (column: string) => db.schema.alterTable('hosts').addColumn(column, 'text').execute();
  await add('project_number');
  await add('instance_id');
  await add('instance_zone');
  await add('instance_name');
  await db.schema
    .alterTable('hosts')
    .addColumn('labels_pool', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute();
  await add('power_off_boot');
  await db.schema.createIndex('hosts_instance').on('hosts').columns(['instance_id', 'project_number']).execute();
}
