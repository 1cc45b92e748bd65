/** API tokens, by the hash of their text; the text itself is never here. */
import type { Role } from '../../../protocol/http-api/words.ts';
import type { ApiTokenRow } from '../records.ts';
import type { TokenStore } from '../store.ts';
import type { Tables } from '../tables.ts';
import { append } from './events.ts';
import { conflict, nextNumber, notFound, numberAfter, slice } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof TokenStore> = Parameters<TokenStore[K]>[0];
type Answer<K extends keyof TokenStore> = ReturnType<TokenStore[K]>;

export async function tokenByHash({ db }: Transaction, { hash }: Args<'tokenByHash'>): Answer<'tokenByHash'> {
  const row = await db.selectFrom('api_tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
  return row === undefined ? null : toToken(row);
}

export async function token({ db }: Transaction, { id }: Args<'token'>): Answer<'token'> {
  const row = await db.selectFrom('api_tokens').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toToken(row);
}

export async function listTokens({ db }: Transaction, args: Args<'listTokens'>): Answer<'listTokens'> {
  const after = numberAfter(args.after);
  let query = db
    .selectFrom('api_tokens')
    .selectAll()
    .orderBy('seq')
    .limit(args.limit + 1);
  if (after !== null) query = query.where('seq', '>', after);
  return slice(await query.execute(), args.limit, toToken, (row) => String(row.seq));
}

export async function insertToken(transaction: Transaction, args: Args<'insertToken'>): Answer<'insertToken'> {
  const { token: fresh } = args;
  const row = await transaction.db
    .insertInto('api_tokens')
    .values({
      id: fresh.id,
      seq: await nextNumber(transaction, 'tokens'),
      name: fresh.name,
      role: fresh.role,
      hash: fresh.hash,
      created_at: fresh.createdAt,
      expires_at: fresh.expiresAt,
      last_used_at: null,
      revoked_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await append(transaction, args.events);
  return toToken(row);
}

export async function hasToken(transaction: Transaction, { role, at }: Args<'hasToken'>): Answer<'hasToken'> {
  return (await working(transaction, role, at, 1)).length > 0;
}

export async function revokeToken(transaction: Transaction, args: Args<'revokeToken'>): Answer<'revokeToken'> {
  const before = await token(transaction, { id: args.id });
  if (before === null) throw notFound(`revoke the token ${args.id}: not found`);
  if (before.revokedAt !== null) return;
  const admins = await working(transaction, 'admin', args.at, 2);
  if (admins.length === 1 && admins[0] === args.id) {
    throw conflict(`revoke the token ${before.name}: it is the last admin token that works; make another one first`);
  }
  // With only tokens left that expire, nobody can get in after the last of them.
  const lasting = await working(transaction, 'admin', null, 2);
  if (lasting.length === 1 && lasting[0] === args.id) {
    throw conflict(
      `revoke the token ${before.name}: it is the last admin token that does not expire; make another one first`,
    );
  }
  await transaction.db.updateTable('api_tokens').set({ revoked_at: args.at }).where('id', '=', args.id).execute();
  await append(transaction, args.events);
}

export async function touchTokens({ db }: Transaction, args: Args<'touchTokens'>): Answer<'touchTokens'> {
  for (const { id, at } of args.used) {
    await db.updateTable('api_tokens').set({ last_used_at: at }).where('id', '=', id).execute();
  }
}

/** @param at null = those that never expire */
async function working({ db }: Transaction, role: Role, at: number | null, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('api_tokens')
    .select('id')
    .where('role', '=', role)
    .where('revoked_at', 'is', null)
    .where((where) =>
      where.or([where('expires_at', 'is', null), ...(at === null ? [] : [where('expires_at', '>', at)])]),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

function toToken(row: Tables['api_tokens']): ApiTokenRow {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    hash: row.hash,
    createdAt: Number(row.created_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    lastUsedAt: row.last_used_at === null ? null : Number(row.last_used_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  };
}
