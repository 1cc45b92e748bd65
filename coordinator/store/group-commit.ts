/**
 * Group commit: what has queued while the database was busy runs in one transaction and is answered after its commit,
 * so that many callers share one flush to the disk. Nobody waits for company: an idle store commits at once. Each call
 * stands in a savepoint of its own; one that is refused undoes only itself. A batch ends after 20 ms of work.
 */
import type { Kysely } from 'kysely';
import type { StoredEvent } from './records.ts';
import type { Transaction } from './sql/transaction.ts';
import type { Tables } from './tables.ts';
import { toProblem } from './worker-messages.ts';
import type { WorkerAnswer } from './worker-messages.ts';

const LONGEST_BATCH_MS = 20;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly writes: boolean;
  readonly run: (transaction: Transaction) => Promise<unknown>;
}

export interface Connection {
  readonly db: Kysely<Tables>;
  readonly exec: (sql: string) => void;
}

export interface Committed {
  readonly answers: readonly WorkerAnswer[];
  readonly appended: readonly StoredEvent[];
}

/** @param next takes the next waiting call; null = none waits any more */
export async function runBatch(
  connection: Connection,
  first: Call,
  next: () => Call | null,
  clock: () => number,
): Promise<Committed> {
  const started = clock();
  const answers: WorkerAnswer[] = [];
  const appended: StoredEvent[] = [];
  const calls: Call[] = [];
  let inTransaction = false;
  let call: Call | null = first;
  while (call !== null) {
    calls.push(call);
    try {
      if (call.writes && !inTransaction) {
        connection.exec('BEGIN IMMEDIATE');
        inTransaction = true;
      }
      answers.push({ kind: 'done', id: call.id, value: await runOne(connection, call, appended) });
    } catch (error) {
      answers.push({ kind: 'failed', id: call.id, problem: toProblem(error, `store ${call.name}`) });
    }
    call = clock() - started < LONGEST_BATCH_MS ? next() : null;
  }
  if (!inTransaction) return { answers, appended };
  try {
    connection.exec('COMMIT');
    return { answers, appended };
  } catch (error) {
    rollBack(connection);
    // Nothing of the batch is on the disk: whoever was in it is told so, readers too, who saw what is not there now.
    return {
      answers: calls.map(({ id, name }) => ({ kind: 'failed', id, problem: toProblem(error, `commit ${name}`) })),
      appended: [],
    };
  }
}

async function runOne({ db, exec }: Connection, call: Call, appended: StoredEvent[]): Promise<unknown> {
  const own: StoredEvent[] = [];
  if (!call.writes) return call.run({ db, appended: own });
  exec('SAVEPOINT one');
  try {
    const value = await call.run({ db, appended: own });
    exec('RELEASE one');
    appended.push(...own);
    return value;
  } catch (error) {
    exec('ROLLBACK TO one');
    exec('RELEASE one');
    throw error;
  }
}

function rollBack({ exec }: Connection): void {
  try {
    exec('ROLLBACK');
  } catch {
    // SQLite has already undone it, as it does where the disk is full.
  }
}
