/**
 * Whose an event is and how much of the log each source has, so that one that writes much loses its own events and not
 * those of others. Written in the transaction that appends or prunes: the sums are exact.
 */
import type { EventSource, NewEvent } from '../records.ts';
import type { Transaction } from './transaction.ts';

/** Numbers, ids, the hash, and the entries of the indexes. */
const OVERHEAD_BYTES = 300;
/** Who became a host, and by which token: a noisy host must not push that out either. */
const KEPT_WITH_PEOPLE: readonly string[] = ['host.enrolled', 'host.adopted'];
const ROWS_AT_ONCE = 200;

export interface ShareChange {
  readonly source: EventSource;
  /** Empty where the source is no host. */
  readonly host: string;
  readonly bytes: number;
}

export function sourceOf({ cause, kind, host }: Pick<NewEvent, 'cause' | 'kind' | 'host'>): EventSource {
  if (cause.kind === 'person' || KEPT_WITH_PEOPLE.includes(kind)) return 'person';
  return cause.kind === 'host' && host !== null ? 'host' : 'coordinator';
}

/** About what the database takes for it. */
export function eventBytes({ cause, text }: Pick<NewEvent, 'cause' | 'text'>): number {
  return OVERHEAD_BYTES + Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(cause));
}

export async function addShares(transaction: Transaction, events: readonly NewEvent[]): Promise<void> {
  const changes = events.map((event) => {
    const source = sourceOf(event);
    return { source, host: source === 'host' ? (event.host ?? '') : '', bytes: eventBytes(event) };
  });
  await changeShares(transaction, changes, 1);
}

/** @param sign 1: these events were appended; -1: pruned */
export async function changeShares({ db }: Transaction, changes: readonly ShareChange[], sign: 1 | -1): Promise<void> {
  const sums = new Map<string, { source: string; host: string; events: number; bytes: number }>();
  for (const { source, host, bytes } of changes) {
    const sum = sums.get(`${source} ${host}`) ?? { source, host, events: 0, bytes: 0 };
    sum.events += sign;
    sum.bytes += sign * bytes;
    sums.set(`${source} ${host}`, sum);
  }
  const rows = [...sums.values()];
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    await db
      .insertInto('event_shares')
      .values(rows.slice(start, start + ROWS_AT_ONCE))
      .onConflict((clash) =>
        clash.columns(['source', 'host']).doUpdateSet((set) => ({
          events: set('event_shares.events', '+', set.ref('excluded.events')),
          bytes: set('event_shares.bytes', '+', set.ref('excluded.bytes')),
        })),
      )
      .execute();
  }
  if (sign === -1) await db.deleteFrom('event_shares').where('events', '<=', 0).execute();
}
