/**
 * The event log: appended only, numbered without gaps under one lock, each event chained to the one before by its hash
 * so that a change of the past shows.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../fleet/canonical-json.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { NewEvent, StoredEvent } from '../records.ts';
import type { EventStore } from '../store.ts';
import type { Tables } from '../tables.ts';
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
      })
      .execute();
    stored.push({ ...event, number, hash });
  }
  const last = stored.at(-1);
  if (last !== undefined) await setMeta(transaction, 'event-hash', last.hash);
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

export async function verifyEvents({ db }: Transaction, args: Args<'verifyEvents'>): Answer<'verifyEvents'> {
  const previous = await db
    .selectFrom('events')
    .select(['number', 'hash'])
    .where('number', '<', args.from)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('number', '>=', args.from)
    .orderBy('number', 'asc')
    .limit(args.limit)
    .execute();
  let before = previous?.hash ?? '';
  let expected = previous === undefined ? 1 : Number(previous.number) + 1;
  for (const [index, row] of rows.entries()) {
    const event = toEvent(row);
    if (event.number !== expected || event.hash !== chainHash(before, event.number, event)) {
      return { checked: index, brokenAt: expected, next: null };
    }
    before = event.hash;
    expected += 1;
  }
  return { checked: rows.length, brokenAt: null, next: rows.length === args.limit ? expected : null };
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
