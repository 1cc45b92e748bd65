/**
 * Brings the schema to this version, or refuses a database that a newer version wrote: running an older program on it
 * would lose what it does not know.
 */
import { Migrator } from 'kysely';
import type { Kysely, Migration } from 'kysely';
import { LongshoreError } from '../../fleet/errors.ts';
import * as initial from './migrations/0001-initial.ts';
import * as instances from './migrations/0002-instances.ts';
import * as abortingDeployments from './migrations/0003-aborting-deployments.ts';
import * as onceForADeployment from './migrations/0004-once-for-a-deployment.ts';
import * as heldDigests from './migrations/0005-held-digests.ts';
import * as stepCounts from './migrations/0006-step-counts.ts';
import * as requests from './migrations/0007-requests.ts';
import * as servedReleases from './migrations/0008-served-releases.ts';
import * as retention from './migrations/0009-retention.ts';
import * as restarts from './migrations/0010-restarts.ts';
import type { Tables } from './tables.ts';
import { fromProblem, toProblem } from './worker-messages.ts';

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-instances': instances,
  '0003-aborting-deployments': abortingDeployments,
  '0004-once-for-a-deployment': onceForADeployment,
  '0005-held-digests': heldDigests,
  '0006-step-counts': stepCounts,
  '0007-requests': requests,
  '0008-served-releases': servedReleases,
  '0009-retention': retention,
  '0010-restarts': restarts,
};

/** @throws STATE_FILE_INVALID where the database is of a newer version, or a migration failed (it was undone);
 * NO_SPACE, STORE_UNAVAILABLE */
export async function migrate(db: Kysely<Tables>, name: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const unknown = await unknownMigrations(db);
  if (unknown.length > 0) {
    throw new LongshoreError(
      'STATE_FILE_INVALID',
      `open the database ${name}: it was written by a newer version (${unknown.join(', ')})`,
      {
        hint: 'Run the newer coordinator again. The database was not changed.',
      },
    );
  }
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // The disk's trouble, or another program's lock: the database is as good as it was.
  const outside = toProblem(error, `migrate the database ${name}`);
  if (outside.code === 'NO_SPACE' || outside.code === 'STORE_UNAVAILABLE') throw fromProblem(outside);
  const failed = results?.find((result) => result.status === 'Error');
  throw new LongshoreError(
    'STATE_FILE_INVALID',
    `migrate the database ${name} (${failed?.migrationName ?? 'unknown step'}): ${error instanceof Error ? error.message : 'failed'}`,
    {
      hint: 'The step was undone and nothing is lost. Report it with this message.',
      cause: error,
    },
  );
}

async function unknownMigrations(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name).filter((name) => !Object.hasOwn(MIGRATIONS, name));
}
