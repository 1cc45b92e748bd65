/**
 * From an address to a connection that holds the lock of a database which is fit for us, at once or, as a standby, when
 * the coordinator that has it ends or hangs. What a person has to fix is CONFIG_INVALID; what may be better in a moment
 * is STORE_UNAVAILABLE.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { publicName } from './postgres-address.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { connectPostgres } from './postgres-client.ts';
import type { LoneClient, PostgresClient } from './postgres-client.ts';
import { isLost, isRefusedLogin, sqlState, STANDS_BY, toPostgresProblem } from './postgres-errors.ts';
import { endBackend, giveLockBack, heldByAnother, lockHolder, nameConnection, takeLock } from './postgres-lock.ts';
import type { Backend, LockHolder } from './postgres-lock.ts';
import { fromProblem } from './worker-messages.ts';

/** Where the database is. Asked at each connection, so that what changed meanwhile counts. */
export interface DatabaseSource {
  /** @throws CONFIG_INVALID, and whatever keeps it from being known now */
  address(): Promise<PostgresAddress>;
  /** The server refused user or password. @returns whether something was repaired, so that another try is worth it */
  refused(): Promise<boolean>;
  /** The server took them. */
  accepted(): void;
}

export interface Opened {
  readonly client: LoneClient;
  readonly address: PostgresAddress;
}

export interface OpenOptions {
  readonly source: DatabaseSource;
  /** Of the machine, PEM; null: Node's. */
  readonly roots: readonly string[] | null;
  /** How long to wait for the lock. */
  readonly lockWaitMs: number;
  /** Where people find this coordinator, for the others of the database. */
  readonly name: string;
}

/** Waits as long as another coordinator has the database, and takes its place. */
export interface StandbyOptions {
  /** Once, before it waits: whether it could take over. It throws what a person has to fix first. */
  readonly check: (client: PostgresClient) => Promise<void>;
  /** With the lock held: false gives it back, and it waits on. */
  readonly mayLead: (client: PostgresClient) => Promise<boolean>;
  /** Calls at the beginning and whenever another one leads. */
  readonly onWaiting: (leader: LockHolder | null) => void;
  readonly signal: AbortSignal;
}

const OLDEST_SERVER = 130_000;
/** A leader that asked nothing for so long is taken for one that hangs: it asks every 2 s (`PULSE_MS`). */
const SILENT_MS = 8_000;
/** How often a standby looks at the leader; a lock that is given back is taken at once. */
const LOOK_MS = 1_000;

/**
 * @param standby null: another coordinator is an error
 * @throws CONFIG_INVALID, STORE_UNAVAILABLE, SHUTTING_DOWN, and what the source throws
 */
export async function openLocked(options: OpenOptions, standby: StandbyOptions | null): Promise<Opened> {
  const opened = await connectFit(options);
  const { client, address } = opened;
  try {
    if (standby === null) {
      if (await takeLock(client, options.lockWaitMs)) return await asLeader(opened, options);
      throw await heldByAnother(client, publicName(address));
    }
    if (await takeLead(client, options.lockWaitMs, standby)) return await asLeader(opened, options);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw openProblem(error, publicName(address));
  }
  try {
    await standby.check(client);
    await nameConnection(client, 'standby', options.name);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw openProblem(error, publicName(address));
  }
  return await standBy(opened, options, standby);
}

async function takeLead(client: PostgresClient, waitMs: number, { mayLead }: StandbyOptions): Promise<boolean> {
  if (!(await takeLock(client, waitMs))) return false;
  if (await mayLead(client)) return true;
  await giveLockBack(client);
  return false;
}

async function standBy(first: Opened, options: OpenOptions, standby: StandbyOptions): Promise<Opened> {
  const { onWaiting, signal } = standby;
  let opened: Opened | null = first;
  let known: string | null = null;
  while (!signal.aborted) {
    try {
      opened ??= await connectFit(options, 'standby');
      const { client } = opened;
      const leader = await lockHolder(client);
      const seen = leader === null ? '' : `${leader.pid} ${leader.since}`;
      if (seen !== known) onWaiting(leader);
      known = seen;
      if (leader !== null && leader.silentMs > SILENT_MS) await endBackend(client, leader);
      if (await takeLead(client, LOOK_MS, standby)) return await asLeader(opened, options);
      // Nobody had it, and it was not for this one.
      if (leader === null) await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    } catch (error) {
      await opened?.client.end().catch(() => undefined);
      const name = opened === null ? 'of the standby' : publicName(opened.address);
      opened = null;
      // The server may be away for a while: whoever leads has the same trouble.
      const found = openProblem(error, name);
      if (found.code !== 'STORE_UNAVAILABLE') throw found;
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  await opened?.client.end().catch(() => undefined);
  throw new LongshoreError('SHUTTING_DOWN', 'wait for the database: the coordinator is stopping');
}

async function asLeader(opened: Opened, { name }: OpenOptions): Promise<Opened> {
  await nameConnection(opened.client, 'leader', name);
  return opened;
}

async function connectFit({ source, roots, name }: OpenOptions, role?: 'standby'): Promise<Opened> {
  const opened = await connect(source, roots);
  const { client, address } = opened;
  try {
    await checkServer(client, publicName(address));
    if (role !== undefined) await nameConnection(client, role, name);
    return opened;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw openProblem(error, publicName(address));
  }
}

/**
 * The same for a coordinator that had the lock: a connection of its own that the server has not missed yet is ended.
 * @returns null where another coordinator holds it
 */
export async function reopenLocked(options: OpenOptions, former: Backend | null): Promise<Opened | null> {
  const opened = await connect(options.source, options.roots);
  const { client, address } = opened;
  try {
    const holder = await lockHolder(client);
    if (holder !== null && holder.pid === former?.pid && holder.since === former.since)
      await endBackend(client, former);
    if (await takeLock(client, options.lockWaitMs)) return await asLeader(opened, options);
    await client.end().catch(() => undefined);
    return null;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw openProblem(error, publicName(address));
  }
}

async function connect(source: DatabaseSource, roots: readonly string[] | null): Promise<Opened> {
  for (;;) {
    const address = await source.address();
    try {
      const client = await connectPostgres(address, roots);
      source.accepted();
      await requirePrimary(client, publicName(address));
      return { client, address };
    } catch (error) {
      if (!isRefusedLogin(error) || !(await source.refused())) throw openProblem(error, publicName(address));
    }
  }
}

/** After a failover an address may lead to a standby for a while: that answers, and takes no writes. */
async function requirePrimary(client: LoneClient, name: string): Promise<void> {
  const { rows } = await client.query('select pg_is_in_recovery() as standby');
  if ((rows as readonly { readonly standby: boolean }[])[0]?.standby !== true) return;
  await client.end().catch(() => undefined);
  throw new LongshoreError('STORE_UNAVAILABLE', `use the database ${name}: ${STANDS_BY}`);
}

async function checkServer(client: PostgresClient, name: string): Promise<void> {
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_setting('server_encoding') as encoding`,
  );
  const [server] = rows as readonly { readonly number: number; readonly version: string; readonly encoding: string }[];
  if (server === undefined) throw new Error('the server does not say its version');
  if (server.number < OLDEST_SERVER)
    throw unfit(name, `the server is PostgreSQL ${server.version}`, 'Use PostgreSQL 13 or newer.');
  if (server.encoding !== 'UTF8')
    throw unfit(name, `its encoding is ${server.encoding}`, "Make the database with `ENCODING 'UTF8'`.");
}

const unfit = (name: string, reason: string, hint: string): LongshoreError =>
  new LongshoreError('CONFIG_INVALID', `use the database ${name}: ${reason}`, { hint });

/** Refusals that stay until somebody changes something, with what that is. */
export function openProblem(error: unknown, name: string): LongshoreError {
  // What a step of the schema failed of is the server's to say, where it did.
  if (error instanceof LongshoreError)
    return isLost(error.cause) || isForbidden(error.cause) ? openProblem(error.cause, name) : error;
  const text = error instanceof Error ? error.message : String(error);
  const state = sqlState(error);
  if (isRefusedLogin(error)) return unfit(name, text, 'Check user and password, and pg_hba.conf of the server.');
  if (state === '3D000') return unfit(name, text, 'Make the database, or correct its name.');
  if (isForbidden(error)) return unfit(name, text, 'Make the user the owner of the database.');
  if (text.includes('does not support SSL'))
    return unfit(name, text, 'Turn TLS on at the server; `sslmode=disable` in the address goes without.');
  return fromProblem(toPostgresProblem(error, `use the database ${name}`));
}

const isForbidden = (error: unknown): boolean => sqlState(error) === '42501';
