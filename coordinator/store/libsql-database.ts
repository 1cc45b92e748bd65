/**
 * The only importer of libsql: opens the database file with what durability asks for (WAL, synchronous=FULL, foreign
 * keys), refuses a damaged one, and keeps prepared statements. A refused file is left exactly as it was found.
 */
import { closeSync, existsSync, openSync, statfsSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { SqliteAdapter, SqliteDialect } from 'kysely';
import type { DialectAdapter, SqliteDatabase, SqliteStatement } from 'kysely';
import { LongshoreError } from '../../fleet/errors.ts';

const BUSY_TIMEOUT_MS = 5_000;
/** Kept prepared; the use cases have far fewer texts than this. */
const STATEMENTS = 500;

export interface LibsqlDatabase extends SqliteDatabase {
  /** Statements without parameters: BEGIN, COMMIT, SAVEPOINT. */
  exec(sql: string): void;
  readonly inTransaction: boolean;
}

/** @throws STATE_FILE_INVALID where the file is no database or is damaged; NO_SPACE, STORE_UNAVAILABLE */
export function openLibsql(file: string): LibsqlDatabase {
  try {
    // SQLite gives its side files the mode of the database. Never where it is there: closing any descriptor of a file takes
    // away all locks that this process has on it (POSIX), and a connection that was closed may hold SQLite's for long.
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
    const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    const check = database.prepare('PRAGMA quick_check(1)').all([]);
    const [first] = check as { quick_check?: string }[];
    if (first?.quick_check !== 'ok') throw damaged(file, first?.quick_check ?? 'no answer', undefined);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    return withStatements(database);
  } catch (error) {
    throw openFault(file, error);
  }
}

/** Of the file system that it is on; infinite where that cannot be told. */
export function freeBytesAt(file: string): number {
  try {
    const { bavail, bsize } = statfsSync(path.dirname(file));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Why a database cannot be opened. Only one that SQLite itself calls so is damaged. */
export function openFault(
  file: string,
  error: unknown,
  freeBytes: () => number = () => freeBytesAt(file),
): LongshoreError {
  if (error instanceof LongshoreError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return damaged(file, reason, error);
  const asked = `open the database ${file}`;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || freeBytes() < OPENING_BYTES) {
    const hint = 'Free space on the disk of the data directory and start again. The database is not damaged.';
    return new LongshoreError('NO_SPACE', `${asked}: the disk is full`, { hint, cause: error });
  }
  const hint = isLocked(error)
    ? 'End the program that has it open and start again.'
    : 'Look at the disk and at the permissions of the file and its directory, and start again. The file was left as it is.';
  const why = isLocked(error) ? 'another program has locked it' : reason;
  return new LongshoreError('STORE_UNAVAILABLE', `${asked}: ${why}`, { hint, cause: error });
}

/** The log's index alone needs some of it. */
const OPENING_BYTES = 64 * 1024;

/** Another connection uses the file; of this process also a closed one, whose statements are not yet collected. */
export const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';

function damaged(file: string, reason: string, cause: unknown): LongshoreError {
  return new LongshoreError('STATE_FILE_INVALID', `open the database ${file}: ${reason}`, {
    hint: 'The file was left as it is. Put back a copy of it, or move it away to start with an empty one.',
    cause,
  });
}

function withStatements(database: Database.Database): LibsqlDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare: (sql) => {
      const kept = statements.get(sql);
      if (kept !== undefined) return kept;
      const prepared = database.prepare(sql);
      const statement: SqliteStatement = {
        reader: prepared.reader,
        all: (parameters) => prepared.all([...parameters]),
        run: (parameters) => prepared.run([...parameters]),
        iterate: (parameters) => prepared.iterate([...parameters]),
      };
      if (statements.size >= STATEMENTS) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
    exec: (sql) => {
      database.exec(sql);
    },
    get inTransaction() {
      return database.inTransaction;
    },
    close: () => {
      statements.clear();
      database.close();
    },
  };
}

/** SQLite can undo changes of its schema, so a migration happens whole or not at all. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export class LibsqlDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }
}
