/** Deletes events by age and by size, and notes what the chain of hashes goes on from. */
import type { HostId } from '../../../fleet/ids.ts';
import type { EventSource } from '../records.ts';
import type { PrunedEvents, RetentionStore } from '../retention-store.ts';
import { changeShares } from './event-shares.ts';
import type { Transaction } from './transaction.ts';
import { inChunks } from './transaction.ts';

const SOURCES: readonly EventSource[] = ['host', 'coordinator', 'person'];

interface Found {
  readonly number: number;
  readonly hash: string;
  readonly bytes: number;
  readonly source: EventSource;
  readonly host: string;
}

export async function pruneEvents(
  transaction: Transaction,
  { before, maxBytes, limit }: Parameters<RetentionStore['pruneEvents']>[0],
): ReturnType<RetentionStore['pruneEvents']> {
  const old = await olderThan(transaction, before, limit);
  if (old.length > 0) return remove(transaction, old, 'age');
  return remove(transaction, maxBytes === null ? [] : await above(transaction, maxBytes, limit), 'size');
}

async function olderThan(
  { db }: Transaction,
  before: Parameters<RetentionStore['pruneEvents']>[0]['before'],
  limit: number,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const source of SOURCES) {
    const until = before[source];
    if (until === null || found.length >= limit) continue;
    const rows = await db
      .selectFrom('events')
      .select(['number', 'hash', 'bytes', 'host'])
      .where('source', '=', source)
      .where('at', '<', until)
      .orderBy('at')
      .limit(limit - found.length)
      .execute();
    found.push(...rows.map((row) => toFound(row, source)));
  }
  return found;
}

/** The oldest events of the source that has most, as many as are too many. */
async function above({ db }: Transaction, maxBytes: number, limit: number): Promise<readonly Found[]> {
  const shares = await db
    .selectFrom('event_shares')
    .select(['source', 'host', 'bytes'])
    .where('source', '!=', 'person')
    .execute();
  let [total, own] = [0, 0];
  let largest = { host: '', bytes: 0 };
  for (const { source, host, bytes } of shares) {
    total += Number(bytes);
    if (source === 'coordinator') own += Number(bytes);
    else if (Number(bytes) > largest.bytes) largest = { host, bytes: Number(bytes) };
  }
  let excess = total - maxBytes;
  if (excess <= 0) return [];
  const source = own > maxBytes / 2 || largest.bytes === 0 ? 'coordinator' : 'host';
  let query = db
    .selectFrom('events')
    .select(['number', 'hash', 'bytes', 'host'])
    .where('source', '=', source)
    .orderBy('number')
    .limit(limit);
  if (source === 'host') query = query.where('host', '=', largest.host);
  const found: Found[] = [];
  for (const row of await query.execute()) {
    if (excess <= 0) break;
    found.push(toFound(row, source));
    excess -= Number(row.bytes);
  }
  return found;
}

function toFound(
  row: { number: number; hash: string; bytes: number; host: string | null },
  source: EventSource,
): Found {
  const host = source === 'host' ? (row.host ?? '') : '';
  return { number: Number(row.number), hash: row.hash, bytes: Number(row.bytes), source, host };
}

async function remove(
  transaction: Transaction,
  found: readonly Found[],
  reason: PrunedEvents['reason'],
): Promise<readonly PrunedEvents[]> {
  if (found.length === 0) return [];
  const numbers = found.map(({ number }) => number);
  for (const chunk of inChunks(numbers))
    await transaction.db
      .deleteFrom('events')
      .where('number', 'in', [...chunk])
      .execute();
  await changeShares(transaction, found, -1);
  await noteGaps(transaction, found);
  const removed = new Map<string, PrunedEvents>();
  for (const { source, host } of found) {
    const key = `${source} ${host}`;
    const events = (removed.get(key)?.events ?? 0) + 1;
    removed.set(key, { source, host: host === '' ? null : (host as HostId), reason, events });
  }
  return [...removed.values()];
}

interface Gap {
  readonly first: number;
  readonly last: number;
  readonly hash: string;
}

/** Joined with those beside them, so that there are never more gaps than events that are kept. */
async function noteGaps({ db }: Transaction, found: readonly Found[]): Promise<void> {
  const runs = joined(found.map(({ number, hash }) => ({ first: number, last: number, hash })));
  const beside: Gap[] = [];
  for (const chunk of inChunks(runs)) {
    const rows = await db
      .selectFrom('event_gaps')
      .selectAll()
      .where((either) =>
        either.or([
          either(
            'last',
            'in',
            chunk.map(({ first }) => first - 1),
          ),
          either(
            'first',
            'in',
            chunk.map(({ last }) => last + 1),
          ),
        ]),
      )
      .execute();
    beside.push(...rows.map(({ first, last, hash }) => ({ first: Number(first), last: Number(last), hash })));
  }
  for (const chunk of inChunks(beside))
    await db
      .deleteFrom('event_gaps')
      .where(
        'first',
        'in',
        chunk.map(({ first }) => first),
      )
      .execute();
  for (const chunk of inChunks(joined([...runs, ...beside]), 200))
    await db
      .insertInto('event_gaps')
      .values([...chunk])
      .execute();
}

function joined(gaps: readonly Gap[]): readonly Gap[] {
  const runs: Gap[] = [];
  // A gap beside two chunks is found twice.
  for (const gap of gaps.toSorted((a, b) => a.first - b.first)) {
    const before = runs.at(-1);
    if (before?.first === gap.first) continue;
    if (before?.last === gap.first - 1) runs[runs.length - 1] = { ...gap, first: before.first };
    else runs.push(gap);
  }
  return runs;
}
