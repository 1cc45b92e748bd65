/**
 * The move of a coordinator's data from SQLite to an empty PostgreSQL: every row of every table in one transaction, with
 * an event of it, then the SQLite file gets another name. Both sides carry the number of the move, so a move that was cut
 * off is either begun again (the transaction never was) or ended (only the name was missing). Two databases that both
 * hold data of their own are never mixed.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kysely } from 'kysely';
import { LongshoreError } from '../../fleet/errors.ts';
import { isLocked, LibsqlDialect, openLibsql } from './libsql-database.ts';
import type { LibsqlDatabase } from './libsql-database.ts';
import { migrate } from './migrate.ts';
import type { PostgresClient } from './postgres-client.ts';
import { connectionOver } from './postgres-dialect.ts';
import type { StoredEvent } from './records.ts';
import { append } from './sql/events.ts';
import { getMeta, setMeta } from './sql/transaction.ts';
import type { Transaction } from './sql/transaction.ts';
import { TABLES } from './tables.ts';
import type { TableName, Tables } from './tables.ts';

export interface MoveOptions {
  /** `coordinator.db`, which need not be there. */
  readonly file: string;
  readonly client: PostgresClient;
  /** Of the PostgreSQL, for messages. */
  readonly database: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly makeId: () => string;
}

export interface Moved {
  /** Where the SQLite file is now. */
  readonly file: string;
  /** Null where it held nothing that had to be copied. */
  readonly rows: number | null;
}

const MOVE = 'move';
const ROWS_AT_ONCE = 200;
const MARK = 'uses-postgresql';
/** They are filled by the first migration. */
const SETTINGS: readonly TableName[] = ['meta', 'counters'];

/** @returns null where there is nothing to move. @throws CONFIG_INVALID where both hold data, STATE_FILE_INVALID */
export async function moveToPostgres(options: MoveOptions): Promise<Moved | null> {
  const { file, client, database, now, makeId } = options;
  writeFileSync(markOf(file), markText(database), { mode: 0o600 });
  if (!existsSync(file)) {
    removeParts(file);
    return null;
  }
  const sqlite = openLibsql(file);
  const source = new Kysely<Tables>({ dialect: new LibsqlDialect({ database: sqlite }) });
  const aside = asideName(file, now());
  let rows: number | null = null;
  let isWhole = false;
  try {
    await migrate(source, file);
    const from: Transaction = { db: source, appended: [] };
    const into = connectionOver(client, 'default');
    const to: Transaction = { db: into.db, appended: [] };
    const begun = await getMeta(from, MOVE);
    const isDone = begun !== null && begun === (await getMeta(to, MOVE));
    if (!isDone) {
      if (await isEmpty(to.db)) {
        await setMeta(from, MOVE, makeId());
        await into.exec(into.begin);
        try {
          rows = await copyAll(source, to, now());
          await into.exec('COMMIT');
        } catch (error) {
          await Promise.resolve(into.exec('ROLLBACK')).catch(() => undefined);
          throw error;
        }
      } else if (!(await isEmpty(source))) throw bothHoldData(file, database);
    }
    // What is set aside is one file, which can be copied and opened on its own.
    isWhole = intoOneFile(sqlite);
    if (!isWhole) copyInto(sqlite, aside);
  } finally {
    await source.destroy();
  }
  if (isWhole) renameSync(file, aside);
  else removeParts(file);
  return { file: aside, rows };
}

/**
 * Before SQLite is used: its data must not have gone to PostgreSQL, or an empty fleet would be served.
 * @throws CONFIG_INVALID
 */
export async function requireOwnData(file: string): Promise<void> {
  const mark = markOf(file);
  if (!existsSync(mark)) return;
  if (!existsSync(file)) {
    throw new LongshoreError(
      'CONFIG_INVALID',
      `use the database ${file}: it is not there, because the data of this coordinator is in PostgreSQL, and no database is configured`,
      {
        hint: `Configure \`database\` (or DATABASE_URL) again. To go back to an older copy, name a coordinator.db.moved-* coordinator.db; to begin anew with nothing, remove ${mark}.`,
      },
    );
  }
  // From here on it has a life of its own: what a move may have copied of it is not all of it any more.
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database: openLibsql(file) }) });
  try {
    await migrate(db, file);
    await db.deleteFrom('meta').where('key', '=', MOVE).execute();
  } finally {
    await db.destroy();
  }
  rmSync(mark);
}

const markOf = (file: string): string => path.join(path.dirname(file), MARK);
const markText = (database: string): string =>
  `The data of this coordinator is in PostgreSQL: ${database}.\nWhile this file is here, it does not begin anew with an empty database of its own.\n`;

type AnyTables = Readonly<Record<string, Record<string, unknown>>>;
const anyTable = (db: Kysely<Tables>): Kysely<AnyTables> => db as unknown as Kysely<AnyTables>;

async function isEmpty(db: Kysely<Tables>): Promise<boolean> {
  for (const table of TABLES) {
    if (SETTINGS.includes(table)) continue;
    const row = await anyTable(db).selectFrom(table).selectAll().limit(1).executeTakeFirst();
    if (row !== undefined) return false;
  }
  return true;
}

/** @returns how many rows were copied. Throws where not all of them arrived. */
async function copyAll(source: Kysely<Tables>, to: Transaction, at: number): Promise<number> {
  for (const table of SETTINGS) await anyTable(to.db).deleteFrom(table).execute();
  let rows = 0;
  for (const table of TABLES) {
    const copied = await copyTable(anyTable(source), anyTable(to.db), table);
    const [there, arrived] = [await countOf(source, table), await countOf(to.db, table)];
    if (copied !== there || arrived !== there)
      throw new LongshoreError('INTERNAL', `move the data: of ${there} rows of ${table}, ${arrived} have arrived`);
    rows += arrived;
  }
  await append(to, [movedEvent(rows, at)]);
  return rows;
}

async function copyTable(source: Kysely<AnyTables>, to: Kysely<AnyTables>, table: TableName): Promise<number> {
  let copied = 0;
  let rows: Record<string, unknown>[] = [];
  const insert = async (): Promise<void> => {
    if (rows.length > 0) await to.insertInto(table).values(rows).execute();
    copied += rows.length;
    rows = [];
  };
  for await (const row of source.selectFrom(table).selectAll().stream()) {
    rows.push(row);
    if (rows.length >= ROWS_AT_ONCE) await insert();
  }
  await insert();
  return copied;
}

async function countOf(db: Kysely<Tables>, table: TableName): Promise<number> {
  const row = await anyTable(db)
    .selectFrom(table)
    .select((select) => select.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

const movedEvent = (rows: number, at: number): Omit<StoredEvent, 'number' | 'hash'> => ({
  at,
  kind: 'coordinator.database-moved',
  app: null,
  host: null,
  deployment: null,
  cause: { kind: 'coordinator', detail: 'PostgreSQL is configured, and was empty' },
  text: `The coordinator's data was moved from SQLite to PostgreSQL: ${rows} rows`,
});

/** @returns false while somebody else reads the file: a part of it stays in the files beside it */
function intoOneFile(sqlite: LibsqlDatabase): boolean {
  try {
    sqlite.exec('PRAGMA journal_mode = DELETE');
    return true;
  } catch (error) {
    if (!isLocked(error)) throw error;
    return false;
  }
}

function copyInto(sqlite: LibsqlDatabase, file: string): void {
  closeSync(openSync(file, 'w', 0o600));
  sqlite.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
}

/**
 * The file first: a log that stays behind alone, where this is cut off, is taken away at the next start, before another
 * file of this name could be read with it.
 */
function removeParts(file: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true });
}

/** It says when. */
const asideName = (file: string, at: number): string =>
  `${file}.moved-${new Date(at).toISOString().replaceAll(':', '-')}`;

function bothHoldData(file: string, database: string): LongshoreError {
  return new LongshoreError('CONFIG_INVALID', `use the database ${database}: it holds data, and so does ${file}`, {
    hint: `Nothing was changed. If PostgreSQL is right, move ${file} away; if the file is right, configure an empty database.`,
  });
}
