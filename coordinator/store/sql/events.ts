/**
 * The event log: numbered without gaps under one lock, each event chained to the one before by its hash so that a change
 * of the past shows. What was pruned left its range and the hash that the chain goes on from.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../fleet/canonical-json.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { NewEvent, StoredEvent } from '../records.ts';
import type { EventStore } from '../store.ts';
import type { Tables } from '../tables.ts';
import { addShares, eventBytes, sourceOf } from './event-shares.ts';
import { fromJson, getMeta, nextNumber, numberAfter, setMeta, slice, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof EventStore> = Parameters<EventStore[K]>[0];
type Answer<K extends keyof EventStore> = ReturnType<EventStore[K]>;

export async function append(transaction: Transaction, events: readonly NewEvent[]): Promise<readonly StoredEvent[]> {
  const stored: StoredEvent[] = [];
  for (const given of events) {
    // What a container said may hold a zero byte, which not every database can keep: it is left out of the hash, too.
    const event = { ...given, text: given.text.replaceAll('\0', '\uFFFD') };
    // The number comes first: its row's lock also guards the hash.
    const number = await nextNumber(transaction, 'events');
    const before = stored.at(-1)?.hash ?? (await getMeta(transaction, 'event-hash')) ?? '';
    const hash = chainHash(before, number, event);
    await transaction.db
      .insertInto('events')
      .values({
        number,
        at: event.at,
        kind: event.kind,
        app: event.app,
        host: event.host,
        deployment: event.deployment,
        cause: toJson(event.cause),
        text: event.text,
        hash,
        source: sourceOf(event),
        bytes: eventBytes(event),
      })
      .execute();
    stored.push({ ...event, number, hash });
  }
  const last = stored.at(-1);
  if (last === undefined) return stored;
  await setMeta(transaction, 'event-hash', last.hash);
  await addShares(transaction, stored);
  for (const event of stored) transaction.appended.push(event);
  return stored;
}

export function chainHash(before: string, number: number, event: NewEvent): string {
  const { at, kind, app, host, deployment, cause, text } = event;
  return createHash('sha256')
    .update(`${before}\n${canonicalJson({ number, at, kind, app, host, deployment, cause, text })}`)
    .digest('hex');
}

export async function appendEvents(transaction: Transaction, args: Args<'appendEvents'>): Answer<'appendEvents'> {
  return append(transaction, args.events);
}

export async function listEvents({ db }: Transaction, args: Args<'listEvents'>): Answer<'listEvents'> {
  const after = numberAfter(args.after);
  const newest = args.order === 'newest';
  let query = db
    .selectFrom('events')
    .selectAll()
    .orderBy('number', newest ? 'desc' : 'asc')
    .limit(args.limit + 1);
  if (after !== null) query = query.where('number', newest ? '<' : '>', after);
  if (args.app !== null) query = query.where('app', '=', args.app);
  if (args.host !== null) query = query.where('host', '=', args.host);
  if (args.kind !== null) query = query.where('kind', '=', args.kind);
  if (args.deployment !== null) query = query.where('deployment', '=', args.deployment);
  return slice(await query.execute(), args.limit, toEvent, (row) => String(row.number));
}

export async function verifyEvents(transaction: Transaction, args: Args<'verifyEvents'>): Answer<'verifyEvents'> {
  const { db } = transaction;
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('number', '>=', args.from)
    .orderBy('number', 'asc')
    .limit(args.limit)
    .execute();
  // Between two events there is one gap at most.
  const gaps = await db
    .selectFrom('event_gaps')
    .selectAll()
    .where('last', '>=', args.from)
    .orderBy('first', 'asc')
    .limit(rows.length + 1)
    .execute();
  const gapAt = new Map(gaps.map((gap) => [Number(gap.first), gap]));
  let { number: last, hash: before } = await newestBefore(transaction, args.from);
  for (const [index, row] of rows.entries()) {
    const gap = gapAt.get(last + 1);
    if (gap !== undefined) [last, before] = [Number(gap.last), gap.hash];
    const event = toEvent(row);
    if (event.number !== last + 1 || event.hash !== chainHash(before, event.number, event))
      return { checked: index, brokenAt: last + 1, next: null };
    [last, before] = [event.number, event.hash];
  }
  return { checked: rows.length, brokenAt: null, next: rows.length === args.limit ? last + 1 : null };
}

/** What the chain goes on from at this number: an event, or the end of what was pruned. */
async function newestBefore({ db }: Transaction, number: number): Promise<{ number: number; hash: string }> {
  const event = await db
    .selectFrom('events')
    .select(['number', 'hash'])
    .where('number', '<', number)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const gap = await db
    .selectFrom('event_gaps')
    .select(['last as number', 'hash'])
    .where('last', '<', number)
    .orderBy('last', 'desc')
    .limit(1)
    .executeTakeFirst();
  const found = Number(gap?.number ?? 0) > Number(event?.number ?? 0) ? gap : event;
  return { number: Number(found?.number ?? 0), hash: found?.hash ?? '' };
}

function toEvent(row: Tables['events']): StoredEvent {
  return {
    number: Number(row.number),
    at: Number(row.at),
    kind: row.kind,
    app: row.app as AppName | null,
    host: row.host as HostId | null,
    deployment: row.deployment as DeploymentId | null,
    cause: fromJson(row.cause),
    text: row.text,
    hash: row.hash,
  };
}
