/** Enrolment: one transaction checks and uses the token and makes the host, so that a token buys what it says, once. */
import { LongshoreError } from '../../../fleet/errors.ts';
import type { HostRow, NewHost } from '../records.ts';
import type { HostStore, TokenStore } from '../store.ts';
import type { HostsTable, Tables } from '../tables.ts';
import { adopt, permittedHost } from './adopt.ts';
import { append } from './events.ts';
import { toHost } from './hosts.ts';
import { fromJson, nextNumber, notFound, numberAfter, slice, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';
import type { EnrollTokenRow } from '../records.ts';

type TokenArgs<K extends keyof TokenStore> = Parameters<TokenStore[K]>[0];
type TokenAnswer<K extends keyof TokenStore> = ReturnType<TokenStore[K]>;

export async function enrollHost(
  transaction: Transaction,
  args: Parameters<HostStore['enrollHost']>[0],
): Promise<HostRow> {
  const { db } = transaction;
  const token = await db.selectFrom('enroll_tokens').selectAll().where('hash', '=', args.tokenHash).executeTakeFirst();
  const object = `enrol host ${args.host.name}`;
  if (token === undefined)
    throw new LongshoreError('TOKEN_INVALID', `${object}: the coordinator does not know this token`);
  if (token.revoked_at !== null)
    throw new LongshoreError('TOKEN_REVOKED', `${object}: the token ${token.id} was revoked`);

  // A first reply that was lost: the same key with the same token is the same host.
  const again = await db
    .selectFrom('hosts')
    .selectAll()
    .where('public_key', '=', args.host.publicKey)
    .where('enroll_token', '=', token.id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (again !== undefined) return toHost(again);

  if (token.expires_at !== null && Number(token.expires_at) <= args.at) {
    throw new LongshoreError(
      'TOKEN_EXPIRED',
      `${object}: the token ${token.id} expired at ${new Date(Number(token.expires_at)).toISOString()}`,
    );
  }
  if (token.kind === 'once' && Number(token.uses) > 0) {
    throw new LongshoreError('TOKEN_USED', `${object}: the one-time token ${token.id} was used before`);
  }
  const { adoption = null } = args;
  // A token does not say which machine has it, so it proves no succession.
  const claim = adoption === null ? null : { adoption, object, isSuccessorOf: () => false };
  const before = claim === null ? null : await permittedHost(transaction, claim);
  const name = await freeName(transaction, args.host.name);
  await db
    .updateTable('enroll_tokens')
    .set({ uses: Number(token.uses) + 1 })
    .where('id', '=', token.id)
    .execute();
  const values = {
    ...newHost(args.host, name, args.at),
    pool: token.pool,
    labels_own: token.labels,
    labels_agent: toJson(args.host.labels),
    enroll_token: token.id,
  };
  const cause = { kind: 'host', host: name, detail: `enrolment token ${token.id}` } as const;
  if (adoption !== null) return toHost(await adopt(transaction, { adoption, before, values, at: args.at, cause }));
  const row = await insertHost(transaction, values);
  await append(transaction, [
    {
      at: args.at,
      kind: 'host.enrolled',
      app: null,
      host: args.host.id,
      deployment: null,
      cause,
      text: `host ${name} enrolled with ${token.kind === 'once' ? 'the one-time' : 'the pool'} token ${token.id}${token.pool === null ? '' : ` into pool ${token.pool}`}`,
    },
  ]);
  return toHost(row);
}

/** What every new host has, however it enrolled. */
export function newHost(host: Omit<NewHost, 'labels'>, name: string, at: number): HostsTable {
  return {
    id: host.id,
    name,
    pool: null,
    labels_own: '{}',
    labels_agent: '{}',
    labels_pool: '{}',
    availability: 'active',
    platform: host.platform,
    agent_version: null,
    engine_version: null,
    public_key: host.publicKey,
    sealing_key: host.sealingKey,
    enroll_token: '',
    enrolled_at: at,
    last_seen_at: null,
    removed_at: null,
    session_epoch: 0,
    order_epoch: 0,
    order_generation: 0,
    order_hash: '',
    acked_epoch: null,
    acked_generation: null,
    project_number: null,
    instance_id: null,
    instance_zone: null,
    instance_name: null,
    power_off_boot: null,
  };
}

export function insertHost({ db }: Transaction, values: HostsTable): Promise<HostsTable> {
  return db.insertInto('hosts').values(values).returningAll().executeTakeFirstOrThrow();
}

export async function freeName({ db }: Transaction, wanted: string): Promise<string> {
  for (let suffix = 1; ; suffix += 1) {
    const name = suffix === 1 ? wanted : `${wanted}-${suffix}`;
    const taken = await db
      .selectFrom('hosts')
      .select('id')
      .where('name', '=', name)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (taken === undefined) return name;
  }
}

export async function listEnrollTokens(
  { db }: Transaction,
  args: TokenArgs<'listEnrollTokens'>,
): TokenAnswer<'listEnrollTokens'> {
  const after = numberAfter(args.after);
  let query = db
    .selectFrom('enroll_tokens')
    .selectAll()
    .orderBy('seq')
    .limit(args.limit + 1);
  if (after !== null) query = query.where('seq', '>', after);
  return slice(await query.execute(), args.limit, toEnrollToken, (row) => String(row.seq));
}

export async function insertEnrollToken(
  transaction: Transaction,
  { token, events }: TokenArgs<'insertEnrollToken'>,
): TokenAnswer<'insertEnrollToken'> {
  const row = await transaction.db
    .insertInto('enroll_tokens')
    .values({
      id: token.id,
      seq: await nextNumber(transaction, 'tokens'),
      kind: token.kind,
      pool: token.pool,
      labels: toJson(token.labels),
      hash: token.hash,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      uses: 0,
      revoked_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await append(transaction, events);
  return toEnrollToken(row);
}

export async function revokeEnrollToken(
  transaction: Transaction,
  args: TokenArgs<'revokeEnrollToken'>,
): TokenAnswer<'revokeEnrollToken'> {
  const { db } = transaction;
  const row = await db.selectFrom('enroll_tokens').selectAll().where('id', '=', args.id).executeTakeFirst();
  if (row === undefined) throw notFound(`revoke the enrolment token ${args.id}: not found`);
  if (row.revoked_at !== null) return;
  await db.updateTable('enroll_tokens').set({ revoked_at: args.at }).where('id', '=', args.id).execute();
  await append(transaction, args.events);
}

function toEnrollToken(row: Tables['enroll_tokens']): EnrollTokenRow {
  return {
    id: row.id,
    kind: row.kind as EnrollTokenRow['kind'],
    pool: row.pool,
    labels: fromJson(row.labels),
    hash: row.hash,
    createdAt: Number(row.created_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    uses: Number(row.uses),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  };
}
