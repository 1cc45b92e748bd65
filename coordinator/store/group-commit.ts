/**
 * Group commit: what has queued while the database was busy runs in one transaction and is answered after its commit,
 * so that many callers share one flush to the disk. Nobody waits for company: an idle store commits at once. Each call
 * stands in a savepoint of its own; one that is refused undoes only itself. A batch ends after 20 ms of work. Where the
 * database gave up the whole transaction for another one's sake, the batch runs again.
 */
import type { Kysely } from 'kysely';
import type { Problem } from '../../fleet/errors.ts';
import type { StoredEvent } from './records.ts';
import type { Transaction } from './sql/transaction.ts';
import type { Tables } from './tables.ts';
import type { WorkerAnswer } from './worker-messages.ts';

const LONGEST_BATCH_MS = 20;
/** How often a batch is begun in all before its callers are told. */
const ATTEMPTS = 5;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly writes: boolean;
  /** May run more than once: only the last run counts. */
  readonly run: (transaction: Transaction) => Promise<unknown>;
}

/** One connection, and what its database has of its own. */
export interface Connection {
  readonly db: Kysely<Tables>;
  readonly begin: string;
  /** A statement without parameters: begin, commit, savepoint. */
  readonly exec: (sql: string) => void | Promise<void>;
  /** Whether nothing more can be done in the transaction in which this was thrown. */
  readonly spoils: (error: unknown) => boolean;
  /** Whether another connection keeps this one from beginning. */
  readonly isLocked: (error: unknown) => boolean;
  /** Whether the same transaction may well succeed when it is begun again. */
  readonly mayRepeat: (error: unknown) => boolean;
  readonly problemOf: (error: unknown, operation: string) => Problem;
}

export interface Committed {
  readonly answers: readonly WorkerAnswer[];
  readonly appended: readonly StoredEvent[];
  /** Writes that a lock kept out: not run, and not answered. */
  readonly held: readonly Call[];
  /** Whether something reached the disk. */
  readonly wrote: boolean;
}

/** @param next takes the next waiting call; null = none waits any more */
export async function runBatch(
  connection: Connection,
  first: Call,
  next: () => Call | null,
  clock: () => number,
): Promise<Committed> {
  const started = clock();
  const calls: Call[] = [first];
  const more = (): Call | null => (clock() - started < LONGEST_BATCH_MS ? next() : null);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(connection, calls, more);
    } catch (error) {
      await rollBack(connection);
      if (attempt < ATTEMPTS && connection.mayRepeat(error)) continue;
      // Nothing of the batch is on the disk: whoever was in it is told so, readers too, who saw what is not there now.
      return {
        answers: calls.map(({ id, name }) => ({
          kind: 'failed',
          id,
          problem: connection.problemOf(error, `store ${name}`),
        })),
        appended: [],
        held: [],
        wrote: false,
      };
    }
  }
}

/** @param calls grows by what is taken. Throws what ended the transaction as a whole. */
async function runOnce(connection: Connection, calls: Call[], more: () => Call | null): Promise<Committed> {
  const answers: WorkerAnswer[] = [];
  const appended: StoredEvent[] = [];
  const held: Call[] = [];
  let inTransaction = false;
  for (let index = 0; ; index += 1) {
    const call = calls[index] ?? more();
    if (call === null) break;
    if (index === calls.length) calls.push(call);
    try {
      if (call.writes && !inTransaction) {
        if (held.length > 0 || !(await begins(connection))) {
          held.push(call);
          continue;
        }
        inTransaction = true;
      }
      answers.push({ kind: 'done', id: call.id, value: await runOne(connection, call, appended) });
    } catch (error) {
      if (error instanceof BatchLost) throw error.reason;
      if (connection.spoils(error)) throw error;
      answers.push({ kind: 'failed', id: call.id, problem: connection.problemOf(error, `store ${call.name}`) });
    }
  }
  if (inTransaction) await connection.exec('COMMIT');
  return { answers, appended, held, wrote: inTransaction };
}

async function begins({ exec, begin, isLocked }: Connection): Promise<boolean> {
  try {
    await exec(begin);
    return true;
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  }
}

async function runOne({ db, exec, spoils }: Connection, call: Call, appended: StoredEvent[]): Promise<unknown> {
  const own: StoredEvent[] = [];
  if (!call.writes) return call.run({ db, appended: own });
  await exec('SAVEPOINT one');
  try {
    const value = await call.run({ db, appended: own });
    await exec('RELEASE SAVEPOINT one');
    for (const event of own) appended.push(event);
    return value;
  } catch (error) {
    if (spoils(error)) throw error;
    try {
      await exec('ROLLBACK TO SAVEPOINT one');
      await exec('RELEASE SAVEPOINT one');
    } catch {
      // What this call wrote cannot be undone alone, so nothing of the batch may be kept; why it failed is what counts.
      throw new BatchLost(error);
    }
    throw error;
  }
}

/** Ends the batch for the reason of one of its calls. */
class BatchLost extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('a call of the batch could not be undone');
    this.reason = reason;
  }
}

export async function rollBack({ exec }: Connection): Promise<void> {
  try {
    await exec('ROLLBACK');
  } catch {
    // It is undone already: SQLite does so where the disk is full, and every database where the connection is gone.
  }
}
