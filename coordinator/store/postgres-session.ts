/**
 * One life of the connection to PostgreSQL: a connection that writes and holds the lock of the database, and a few that
 * read. The lock is the writer's own session, so whoever has lost it cannot write any more: it ends, lock and open
 * transaction, at one moment. Writes queue for it and are committed in groups, as SQLite's are; so event numbers and
 * their hashes are given by one writer at a time.
 *
 * A session that is lost does not come back. Its callers are told (STORE_UNAVAILABLE), and a new one is opened.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { runBatch } from './group-commit.ts';
import type { Call, Connection } from './group-commit.ts';
import type { ClientPool, LoneClient, PostgresAnswer } from './postgres-client.ts';
import { connectionOver } from './postgres-dialect.ts';
import {
  ConnectionLost,
  isLost,
  isRefusedLogin,
  isSpoiling,
  READ_ONLY,
  refusesWrites,
  toPostgresProblem,
} from './postgres-errors.ts';
import { standbyNames } from './postgres-lock.ts';
import { findRoom } from './postgres-room.ts';
import type { StoredEvent } from './records.ts';
import type { Transaction } from './sql/transaction.ts';
import { fromProblem } from './worker-messages.ts';

export interface PostgresSessionOptions {
  /** Holds the lock. */
  readonly writer: LoneClient;
  readonly readers: ClientPool;
  /** Events that were committed, in order. */
  readonly onAppended: (events: readonly StoredEvent[]) => void;
  /** Calls once, when nothing more can be done here. */
  readonly onLost: (error: Error) => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
}

interface Waiting extends Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Run = (transaction: Transaction) => Promise<unknown>;

/** How often a read is begun in all: what it read is nobody's until it has ended. */
const READ_ATTEMPTS = 3;
/** A standby takes a coordinator that asks nothing for several of these for one that hangs. */
const PULSE_MS = 2_000;

export class PostgresSession {
  readonly #options: PostgresSessionOptions;
  readonly #connection: Connection;
  readonly #queue: Waiting[] = [];
  readonly #taken = new Map<number, Waiting>();
  readonly #pulse: NodeJS.Timeout;
  #draining: Promise<void> = Promise.resolve();
  #busy = false;
  #reading = new Set<Promise<unknown>>();
  #lastId = 0;
  #isFeeling = false;
  #refusal: string | null = null;
  #lost: Error | null = null;

  constructor(options: PostgresSessionOptions) {
    this.#options = options;
    const connection = connectionOver({ query: (text, values) => this.#ask(text, values) }, 'default');
    this.#connection = {
      ...connection,
      problemOf: (error, operation) => {
        this.#refusal = refusesWrites(error) ?? this.#refusal;
        return connection.problemOf(error, operation);
      },
    };
    // It may be lost already, and whoever makes a session has to have it before that is told.
    options.writer.onLost((error) => queueMicrotask(() => this.#lose(error)));
    this.#pulse = setInterval(() => this.#feelPulse(), PULSE_MS);
    this.#pulse.unref();
  }

  /** What keeps it from writing, for people; null = nothing that is known. */
  get obstacle(): string | null {
    return this.#refusal;
  }

  write(name: string, run: Run): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) {
        reject(unavailable(name, this.#lost));
        return;
      }
      const id = (this.#lastId += 1);
      this.#queue.push({ id, name, writes: true, run, resolve, reject });
      if (!this.#busy) this.#draining = this.#drain();
    });
  }

  read(name: string, run: Run): Promise<unknown> {
    if (this.#lost !== null) return Promise.reject(unavailable(name, this.#lost));
    const reading = this.#read(name, run).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
    return reading;
  }

  /** Coordinators that wait for this database, by name. */
  standbys(): Promise<readonly string[]> {
    return this.#options.readers.use(standbyNames, isLost);
  }

  databaseBytes(): Promise<number> {
    return this.#options.readers.use(async (client) => {
      const { rows } = await client.query('select pg_database_size(current_database()) as bytes');
      return (rows as readonly { readonly bytes: number }[])[0]?.bytes ?? 0;
    }, isLost);
  }

  /** Finishes what was asked for, then ends. */
  async close(): Promise<void> {
    clearInterval(this.#pulse);
    await Promise.allSettled([...this.#reading]);
    await this.#draining;
    await Promise.allSettled([this.#options.readers.end(), this.#options.writer.end()]);
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    const next = (): Call | null => {
      const call = this.#queue.shift() ?? null;
      if (call !== null) this.#taken.set(call.id, call);
      return call;
    };
    for (let call = next(); call !== null; call = next()) {
      const { answers, appended } = await runBatch(this.#connection, call, next, this.#options.clock);
      for (const answer of answers) {
        const waiting = this.#taken.get(answer.id);
        this.#taken.delete(answer.id);
        if (answer.kind === 'done') waiting?.resolve(answer.value);
        else waiting?.reject(fromProblem(answer.problem));
      }
      if (appended.length > 0) this.#options.onAppended(appended);
    }
    this.#busy = false;
  }

  async #read(name: string, run: Run): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#options.readers.use(async (client) => {
          const connection = connectionOver(client, 'READ ONLY');
          await connection.exec(connection.begin);
          try {
            const value = await run({ db: connection.db, appended: [] });
            await connection.exec('COMMIT');
            return value;
          } catch (error) {
            if (!isLost(error)) await connection.exec('ROLLBACK');
            throw error;
          }
        }, isLost);
      } catch (error) {
        if (attempt < READ_ATTEMPTS && isSpoiling(error) && this.#lost === null) continue;
        // No connection is to be had as the session knows it: a new password, other certificates.
        if (isLost(error) || isRefusedLogin(error)) this.#lose(asError(error));
        throw fromProblem(toPostgresProblem(error, `read ${name}`));
      }
    }
  }

  /** A server that has gone without a word is found out also while nobody writes. */
  #feelPulse(): void {
    // What goes through the queue need not wait for a pause in it.
    if (this.#isFeeling || this.#lost !== null || (this.#busy && this.#refusal === null)) return;
    this.#isFeeling = true;
    (this.#refusal === null ? this.#lookForRefusal() : this.#lookForRoom())
      .catch(() => undefined)
      .finally(() => (this.#isFeeling = false));
  }

  async #lookForRefusal(): Promise<void> {
    const { rows } = await this.#ask("select current_setting('transaction_read_only') as read_only");
    if ((rows as readonly { readonly read_only: string }[])[0]?.read_only === 'on') this.#refusal = READ_ONLY;
  }

  /** Only this says that it can write again: a small write may find room where the next one finds none. */
  async #lookForRoom(): Promise<void> {
    try {
      await this.write('find room', findRoom);
      this.#refusal = null;
    } catch (error) {
      const { code } = error instanceof LongshoreError ? error : { code: null };
      if (code !== 'NO_SPACE' && code !== 'STORE_UNAVAILABLE') this.#refusal = null;
    }
  }

  /** A writer that gave no answer, or none in time, is no writer any more. */
  async #ask(text: string, values?: readonly unknown[]): Promise<PostgresAnswer> {
    try {
      return await this.#options.writer.query(text, values);
    } catch (error) {
      if (isLost(error)) this.#lose(asError(error));
      throw error;
    }
  }

  #lose(error: Error): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    clearInterval(this.#pulse);
    for (const waiting of this.#queue.splice(0)) waiting.reject(unavailable(waiting.name, error));
    // What is in a batch is told by the batch, whose next statement fails.
    Promise.allSettled([this.#options.readers.end(), this.#options.writer.end()]).catch(() => undefined);
    this.#options.onLost(error);
  }
}

export function unavailable(name: string, reason: Error | null): LongshoreError {
  return new LongshoreError('STORE_UNAVAILABLE', `store ${name}: ${reason?.message ?? 'there is no connection'}`, {
    cause: reason,
  });
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new ConnectionLost(String(error)));
