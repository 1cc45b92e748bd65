/**
 * One coordinator a database. Whoever decides holds an advisory lock on the very connection that writes, and has left
 * its mark in the database: a coordinator that lost its connection and comes back goes on only where nobody else has
 * decided meanwhile. One that hangs keeps its connection, and is told from one that works by what the server knows of it:
 * a coordinator in order asks something every two seconds.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { PostgresClient } from './postgres-client.ts';
import { sqlState } from './postgres-errors.ts';

/** Any number that nobody else uses: "longshor" in ASCII. */
const LOCK = '7813025516127629170';
/** The server finds out in 20 s that a machine which held the lock is gone, and frees it. */
const KEEP_ALIVE = ['tcp_keepalives_idle = 5', 'tcp_keepalives_interval = 5', 'tcp_keepalives_count = 3'];

/** One connection of the server, told apart from a later one with the same number. */
export interface Backend {
  readonly pid: number;
  readonly since: string;
}

export interface LockHolder extends Backend {
  /** Address of its machine. */
  readonly from: string;
  /** What it calls itself. */
  readonly name: string;
  /** Time since it asked anything, ms by the server's clock; 0 while a statement of its own runs. */
  readonly silentMs: number;
}

/** @returns false where another one holds it after `waitMs` */
export async function takeLock(client: PostgresClient, waitMs: number): Promise<boolean> {
  for (const setting of KEEP_ALIVE) await client.query(`set ${setting}`);
  await client.query(`set lock_timeout = ${Math.max(1, Math.floor(waitMs))}`);
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`);
    return true;
  } catch (error) {
    // 55P03: the time to wait is over.
    if (sqlState(error) === '55P03') return false;
    throw error;
  } finally {
    await client.query('set lock_timeout = 0').catch(() => undefined);
  }
}

export async function giveLockBack(client: PostgresClient): Promise<void> {
  await client.query(`select pg_advisory_unlock(${LOCK})`);
}

export async function ownBackend(client: PostgresClient): Promise<Backend> {
  const { rows } = await client.query(
    'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()',
  );
  const [row] = rows as readonly Backend[];
  if (row === undefined) throw new Error('the server does not know this connection');
  return row;
}

/** Who holds the lock, as the server says it. */
export async function lockHolder(client: PostgresClient): Promise<LockHolder | null> {
  const { rows } = await client.query(
    `select activity.pid, backend_start::text as since, coalesce(host(client_addr), 'its own machine') as from,
            application_name as name,
            case when state = 'active' then 0
                 else greatest(0, extract(epoch from clock_timestamp() - state_change) * 1000) end::int as "silentMs"
       from pg_locks join pg_stat_activity activity on activity.pid = pg_locks.pid
      where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = ${LOCK}`,
  );
  const [row] = rows as readonly LockHolder[];
  return row ?? null;
}

/** Ends what is left of a connection of ours that the server has not missed yet. */
export async function endBackend(client: PostgresClient, backend: Backend): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2',
    [backend.pid, backend.since],
  );
}

export async function heldByAnother(client: PostgresClient, database: string): Promise<LongshoreError> {
  const holder = await lockHolder(client);
  const who = holder === null ? '' : ` (connected from ${holder.from} since ${holder.since})`;
  return new LongshoreError('CONFIG_INVALID', `use the database ${database}: another coordinator uses it${who}`, {
    hint: 'Stop the other one, or give this one a database of its own.',
  });
}

const STANDBY = 'longshore-standby';
const LEADER = 'longshore-coordinator';
/** PostgreSQL cuts names of connections at 63 bytes. */
const NAME_BYTES = 63;

/** What the others see of this one. @param name where people find it, as `ship.example.com` */
export async function nameConnection(client: PostgresClient, role: 'leader' | 'standby', name: string): Promise<void> {
  const prefix = role === 'leader' ? LEADER : STANDBY;
  const text = `${prefix} ${name}`.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, NAME_BYTES);
  await client.query("select set_config('application_name', $1, false)", [text]);
}

/** Coordinators that wait for this database, by name. */
export async function standbyNames(client: PostgresClient): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select application_name as name from pg_stat_activity
      where datname = current_database() and application_name like '${STANDBY} %' order by 1`,
  );
  return (rows as readonly { readonly name: string }[]).map(({ name }) => name.slice(STANDBY.length + 1));
}

/** Of a holder that says one; else where it is connected from. */
export const shownName = ({ name, from }: LockHolder): string =>
  name.startsWith(`${LEADER} `) ? name.slice(LEADER.length + 1) : from;
