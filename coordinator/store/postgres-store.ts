/**
 * The store over PostgreSQL. It holds one session at a time; while there is none every call is refused at once
 * (STORE_UNAVAILABLE) and a new session is tried for. Where another coordinator has used the database meanwhile, or
 * uses it, this one must not go on: what it has in memory is not true any more (`onFault`).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { migrate } from './migrate.ts';
import { OPERATIONS } from './operations.ts';
import type { Operation, UseCase, UseCases } from './operations.ts';
import { publicName } from './postgres-address.ts';
import { postgresPool } from './postgres-client.ts';
import type { PostgresClient } from './postgres-client.ts';
import { kyselyOver } from './postgres-dialect.ts';
import { ownBackend } from './postgres-lock.ts';
import type { Backend } from './postgres-lock.ts';
import { openLocked, openProblem, reopenLocked } from './postgres-open.ts';
import type { OpenOptions, Opened, StandbyOptions } from './postgres-open.ts';
import { PostgresSession, unavailable } from './postgres-session.ts';
import type { StoredEvent } from './records.ts';
import { listEvents } from './sql/events.ts';
import { getMeta, lastNumber, setMeta } from './sql/transaction.ts';
import type { Transaction } from './sql/transaction.ts';
import type { Store } from './store.ts';

export interface PostgresStoreOptions extends OpenOptions {
  /** Tells this start of a coordinator from every other. */
  readonly holder: string;
  /** Null: a database that another coordinator has is refused. */
  readonly standby: StandbyOptions | null;
  /** With the lock held and the schema of this version, before anything is served. */
  readonly prepare: (client: PostgresClient, database: string) => Promise<void>;
  readonly onFault: (error: LongshoreError) => void;
  readonly onAway: (reason: Error) => void;
  readonly onBack: () => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
}

const READERS = 8;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** For the server to end our former connection. */
const AGAIN_LOCK_MS = 2_000;
const HOLDER = 'holder';
const MISSED_AT_ONCE = 500;

/** @throws CONFIG_INVALID, STATE_FILE_INVALID, STORE_UNAVAILABLE, and what source and `prepare` throw */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const store = new PostgresStore(options);
  await store.open();
  const calls: Partial<Record<UseCase, (args?: unknown) => Promise<unknown>>> = {};
  for (const name of Object.keys(OPERATIONS) as UseCase[]) calls[name] = (args) => store.call(name, args);
  return Object.assign(calls as unknown as UseCases, {
    onAppended: (listener: (events: readonly StoredEvent[]) => void) => store.onAppended(listener),
    obstacle: () => store.obstacle(),
    standbys: () => store.standbys(),
    databaseBytes: () => store.databaseBytes(),
    close: () => store.close(),
  });
}

class PostgresStore {
  readonly #options: PostgresStoreOptions;
  readonly #listeners: ((events: readonly StoredEvent[]) => void)[] = [];
  readonly #stopping = new AbortController();
  #session: PostgresSession | null = null;
  /** The connection that held the lock last. */
  #backend: Backend | null = null;
  /** Number of the newest event that the listeners have. */
  #told = 0;
  #reason: Error | null = null;
  #ended: LongshoreError | null = null;
  #returning: Promise<void> = Promise.resolve();

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const opened = await openLocked(this.#options, this.#options.standby);
    const { client, address } = opened;
    try {
      await migrate(kyselyOver(client), publicName(address));
      await this.#options.prepare(client, publicName(address));
      await setMeta(plainly(client), HOLDER, this.#options.holder);
      this.#told = await lastNumber(plainly(client), 'events');
      await this.#begin(opened);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw openProblem(error, publicName(address));
    }
  }

  obstacle(): string | null {
    if (this.#session !== null) return this.#session.obstacle;
    return `the database does not answer: ${this.#reason?.message ?? 'no connection'}`;
  }

  standbys(): Promise<readonly string[]> {
    if (this.#session === null) return Promise.reject(unavailable('standbys', this.#reason));
    return this.#session.standbys();
  }

  databaseBytes(): Promise<number> {
    if (this.#session === null) return Promise.reject(unavailable('databaseBytes', this.#reason));
    return this.#session.databaseBytes();
  }

  call(name: UseCase, args: unknown): Promise<unknown> {
    if (this.#stopping.signal.aborted)
      return Promise.reject(new LongshoreError('SHUTTING_DOWN', 'use the store: the coordinator is stopping'));
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#session === null) return Promise.reject(unavailable(name, this.#reason));
    const operation = OPERATIONS[name] as Operation<UseCase>;
    // The proxy is typed by the same interface, so name and arguments belong together.
    const run = operation.run as (transaction: Transaction, args: unknown) => Promise<unknown>;
    return operation.writes
      ? this.#session.write(name, (transaction) => run(transaction, args))
      : this.#session.read(name, (transaction) => run(transaction, args));
  }

  onAppended(listener: (events: readonly StoredEvent[]) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#session?.close();
    await this.#returning;
  }

  async #begin({ client, address }: Opened): Promise<void> {
    this.#backend = await ownBackend(client);
    this.#session = new PostgresSession({
      writer: client,
      readers: postgresPool(address, this.#options.roots, READERS),
      onAppended: (events) => this.#tell(events),
      onLost: (reason) => this.#lost(reason),
      clock: this.#options.clock,
    });
  }

  #tell(events: readonly StoredEvent[]): void {
    this.#told = events.at(-1)?.number ?? this.#told;
    for (const listener of this.#listeners) listener(events);
  }

  /** A connection that ended during a commit leaves events that nobody was told of: they were committed, or they were not. */
  async #tellMissed(transaction: Transaction): Promise<void> {
    const every = {
      app: null,
      host: null,
      kind: null,
      deployment: null,
      limit: MISSED_AT_ONCE,
      order: 'oldest',
    } as const;
    for (;;) {
      const { items, next } = await listEvents(transaction, { ...every, after: String(this.#told) });
      if (items.length > 0) this.#tell(items);
      if (next === null) return;
    }
  }

  #lost(reason: Error): void {
    this.#session = null;
    this.#reason = reason;
    if (this.#stopping.signal.aborted) return;
    this.#options.onAway(reason);
    // One after the other: a session may be lost while the loop that opened it is not done with it.
    this.#returning = this.#returning.then(() => this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    const { signal } = this.#stopping;
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted && this.#ended === null && this.#session === null) {
      try {
        await this.#tryAgain();
      } catch (error) {
        this.#reason = error instanceof Error ? error : new Error(String(error));
        await pause(wait, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async #tryAgain(): Promise<void> {
    const opened = await reopenLocked({ ...this.#options, lockWaitMs: AGAIN_LOCK_MS }, this.#backend);
    if (opened === null) {
      this.#end();
      return;
    }
    const { client } = opened;
    try {
      const isOurs = (await getMeta(plainly(client), HOLDER)) === this.#options.holder;
      if (!isOurs) this.#end();
      else if (!this.#stopping.signal.aborted) {
        await this.#tellMissed(plainly(client));
        await this.#begin(opened);
        if (this.#session !== null) this.#options.onBack();
        return;
      }
      await client.end();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  #end(): void {
    this.#ended = new LongshoreError(
      'STORE_UNAVAILABLE',
      'use the database: another coordinator has taken it meanwhile',
      {
        hint: 'One coordinator a database: stop one of the two. This one ends, and asks for it again when it is started.',
      },
    );
    this.#options.onFault(this.#ended);
  }
}

/** Single statements need no transaction. */
const plainly = (client: PostgresClient): Transaction => ({ db: kyselyOver(client), appended: [] });
