/**
 * What pruning of the event log goes by: whose each event is and its size, what each host has of the log, and the ranges
 * that were pruned, with the hash that the chain goes on from. Old events are rated in parts: a log may be large.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

const AT_ONCE = 20_000;
/** As `eventBytes` counts. */
const OVERHEAD_BYTES = 300;

export async function up(db: Kysely<Tables>): Promise<void> {
  const events = db.schema.alterTable('events');
  await events.addColumn('source', 'text', (column) => column.notNull().defaultTo('coordinator')).execute();
  await events.addColumn('bytes', 'bigint', (column) => column.notNull().defaultTo(0)).execute();
  await db.schema
    .createTable('event_shares')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('events', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('event_shares_key', ['source', 'host'])
    .execute();
  await db.schema
    .createTable('event_gaps')
    .addColumn('first', 'bigint', (column) => column.primaryKey())
    .addColumn('last', 'bigint', (column) => column.notNull().unique())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await rateOldEvents(db);
  await db.schema.createIndex('events_age').on('events').columns(['source', 'at']).execute();
}

async function rateOldEvents(db: Kysely<Tables>): Promise<void> {
  const newest = await db.selectFrom('events').select('number').orderBy('number', 'desc').limit(1).executeTakeFirst();
  const last = newest === undefined ? 0 : Number(newest.number);
  const shares = new Map<string, { source: string; host: string; events: number; bytes: number }>();
  for (let from = 1; from <= last; from += AT_ONCE) {
    const until = from + AT_ONCE;
    await sql`
      update events
      set bytes = ${sql.lit(OVERHEAD_BYTES)} + length(text) + length(cause),
          source = case
            when cause like '%"kind":"person"%' or kind in ('host.enrolled', 'host.adopted') then 'person'
            when host is not null and cause like '%"kind":"host"%' then 'host'
            else 'coordinator'
          end
      where number >= ${from} and number < ${until}`.execute(db);
    const { rows } = await sql<{ source: string; host: string; events: number; bytes: number }>`
      select source, case when source = 'host' then host else '' end as host,
             count(*) as events, cast(sum(bytes) as bigint) as bytes
      from events
      where number >= ${from} and number < ${until}
      group by 1, 2`.execute(db);
    for (const { source, host, events, bytes } of rows) {
      const known = shares.get(`${source} ${host}`) ?? { source, host, events: 0, bytes: 0 };
      known.events += Number(events);
      known.bytes += Number(bytes);
      shares.set(`${source} ${host}`, known);
    }
  }
  for (const share of shares.values()) await db.insertInto('event_shares').values(share).execute();
}
