/**
 * SQLite as group commit uses it: one writer, whose calls undo only themselves. A full disk, or one that fails, makes
 * SQLite undo the whole transaction by itself and go on without one: every statement would then be committed alone.
 */
import type { Kysely } from 'kysely';
import type { Connection } from './group-commit.ts';
import { isLocked } from './libsql-database.ts';
import type { LibsqlDatabase } from './libsql-database.ts';
import type { Tables } from './tables.ts';
import { toProblem } from './worker-messages.ts';

const BEGIN = 'BEGIN IMMEDIATE';

export function sqliteConnection(database: LibsqlDatabase, db: Kysely<Tables>): Connection {
  let isBegun = false;
  return {
    db,
    begin: BEGIN,
    exec: (sql) => {
      if (sql === 'ROLLBACK') isBegun = false;
      database.exec(sql);
      if (sql === BEGIN) isBegun = true;
      if (sql === 'COMMIT') isBegun = false;
    },
    spoils: () => isBegun && !database.inTransaction,
    isLocked,
    mayRepeat: () => false,
    problemOf: toProblem,
  };
}
