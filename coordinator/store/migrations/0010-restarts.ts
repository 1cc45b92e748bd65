/** Deployments that replace unchanged instances, and the services that each target replaces: as JSON; null = none. */
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('restarts', 'text').execute();
  await db.schema.alterTable('targets').addColumn('replaced', 'text').execute();
}
