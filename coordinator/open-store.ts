/**
 * The store that is configured: SQLite in the data directory, or PostgreSQL. With the first start on PostgreSQL the data
 * moves there; without PostgreSQL it refuses to begin anew where the data has moved.
 */
import path from 'node:path';
import type { LongshoreError } from '../fleet/errors.ts';
import type { CoordinatorConfig } from './config.ts';
import { moveToPostgres, requireOwnData } from './store/move-to-postgres.ts';
import { openPostgresStore } from './store/postgres-store.ts';
import type { DatabaseSource, StandbyOptions } from './store/postgres-open.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { Store } from './store/store.ts';

export interface OpenStoreOptions {
  readonly config: Pick<CoordinatorConfig, 'dataDir'>;
  /** Null: SQLite. */
  readonly source: DatabaseSource | null;
  /** Of the machine, PEM; null: Node's. */
  readonly roots: readonly string[] | null;
  readonly workerUrl: URL;
  /** Where people find this coordinator, as `ship.example.com`. */
  readonly name: string;
  /** What happens while another coordinator has the database; null: it is refused. */
  readonly standby: StandbyOptions | null;
  readonly onFault: (error: LongshoreError) => void;
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly makeId: () => string;
}

/** For the server to miss a coordinator that has just ended; after that it is a standby. */
const LOCK_WAIT_MS = 1_000;

/** @throws CONFIG_INVALID, STATE_FILE_INVALID, STORE_UNAVAILABLE, SHUTTING_DOWN */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { source, roots, workerUrl, name, standby, onFault, log, now, monotonicMs, makeId } = options;
  const file = path.join(options.config.dataDir, 'coordinator.db');
  if (source === null) {
    await requireOwnData(file);
    return openSqliteStore({ file, workerUrl, onFault });
  }
  return openPostgresStore({
    source,
    roots,
    holder: makeId(),
    lockWaitMs: LOCK_WAIT_MS,
    name,
    standby,
    prepare: async (client, database) => {
      const moved = await moveToPostgres({ file, client, database, now, makeId });
      if (moved !== null) log.info({ ...moved, database }, 'the data was moved from SQLite to PostgreSQL');
    },
    onFault,
    onAway: (reason) => log.warn({ err: reason }, 'the database is away; calls are refused until it is back'),
    onBack: () => log.info({}, 'the database is back'),
    clock: monotonicMs,
  });
}
