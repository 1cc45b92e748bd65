/**
 * The store's own use cases over SQLite in this thread and without waiting for the disk: what a property over many
 * random histories needs. Everything above the connection is the product's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kysely } from 'kysely';
import { LibsqlDialect, openLibsql } from '../../coordinator/store/libsql-database.ts';
import { migrate } from '../../coordinator/store/migrate.ts';
import { runBatch } from '../../coordinator/store/group-commit.ts';
import { isUseCase, OPERATIONS } from '../../coordinator/store/operations.ts';
import type { Operation, UseCase } from '../../coordinator/store/operations.ts';
import { sqliteConnection } from '../../coordinator/store/sqlite-connection.ts';
import type { Transaction } from '../../coordinator/store/sql/transaction.ts';
import type { Store } from '../../coordinator/store/store.ts';
import type { Tables } from '../../coordinator/store/tables.ts';
import { fromProblem } from '../../coordinator/store/worker-messages.ts';

export interface InlineStore {
  readonly store: Store;
  /** Calls that have not been answered. */
  readonly pending: () => number;
  /** For what the port would need too long to make. */
  readonly exec: (sql: string) => void;
  readonly dispose: () => Promise<void>;
}

export async function openInlineStore(): Promise<InlineStore> {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-inline-'));
  const file = path.join(directory, 'coordinator.db');
  const database = openLibsql(file);
  database.exec('PRAGMA synchronous = OFF');
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database }) });
  await migrate(db, file);
  const connection = sqliteConnection(database, db);
  let pending = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const call = (name: UseCase, args: unknown): Promise<unknown> => {
    const operation = OPERATIONS[name] as Operation<UseCase>;
    const run = operation.run as (transaction: Transaction, args: unknown) => Promise<unknown>;
    const once = { id: 1, name, writes: operation.writes, run: (transaction: Transaction) => run(transaction, args) };
    pending += 1;
    const answer = queue.then(async () => {
      const { answers } = await runBatch(
        connection,
        once,
        () => null,
        () => 0,
      );
      pending -= 1;
      const [first] = answers;
      if (first?.kind === 'done') return structuredClone(first.value);
      throw first === undefined ? new Error('the store gave no answer') : fromProblem(first.problem);
    });
    queue = answer.catch(() => undefined);
    return answer;
  };
  const store = new Proxy({} as Store, {
    get: (_target, name) =>
      typeof name === 'string' && isUseCase(name) ? (args: unknown) => call(name, args) : undefined,
  });
  return {
    store,
    pending: () => pending,
    exec: (text) => database.exec(text),
    dispose: async () => {
      await db.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
