/** Answers of requests that create something, kept for those who send the same request again. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('requests')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('answer', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('requests_key', ['actor', 'key'])
    .execute();
  await db.schema.createIndex('requests_until').on('requests').column('until').execute();
  await db.schema.createIndex('requests_age').on('requests').columns(['actor', 'created_at']).execute();
}
