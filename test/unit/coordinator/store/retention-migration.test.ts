import { Kysely } from 'kysely';
import path from 'node:path';
import t from 'tap';
import { LibsqlDialect, openLibsql } from '../../../../coordinator/store/libsql-database.ts';
import * as initial from '../../../../coordinator/store/migrations/0001-initial.ts';
import * as retention from '../../../../coordinator/store/migrations/0009-retention.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import { eventBytes, sourceOf } from '../../../../coordinator/store/sql/event-shares.ts';
import type { Tables } from '../../../../coordinator/store/tables.ts';
import { hostId } from '../../../support/app-builders.ts';
import { anEvent } from '../../../support/store-scenes.ts';

t.test('a log from before is rated as new events are', async (t) => {
  const database = openLibsql(path.join(t.testdir({}), 'coordinator.db'));
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database }) });
  t.teardown(() => db.destroy());
  await initial.up(db);
  const host = { kind: 'host', host: 'web-1', detail: 'its agent' } as const;
  const quoting = { kind: 'schedule', detail: '{"kind":"person"}' } as const;
  const events: readonly NewEvent[] = [
    anEvent({ text: 'ada made a token' }),
    anEvent({ host: hostId(1), cause: host, text: 'an image was pruned' }),
    anEvent({ host: hostId(1), cause: host, text: 'a restart loop' }),
    anEvent({ host: hostId(2), cause: host, kind: 'host.enrolled' }),
    anEvent({ cause: quoting }),
    anEvent({ host: hostId(1), cause: { kind: 'coordinator', detail: 'start' } }),
  ];
  for (const [index, event] of events.entries()) {
    const row = { ...event, number: 15_000 * (index + 1), cause: JSON.stringify(event.cause), hash: '' };
    await db
      .insertInto('events')
      .values(row as never)
      .execute();
  }

  await retention.up(db);

  const rows = await db.selectFrom('events').selectAll().orderBy('number').execute();
  t.same(
    rows.map(({ source, bytes }) => ({ source, bytes })),
    events.map((event) => ({ source: sourceOf(event), bytes: eventBytes(event) })),
  );
  const shares = await db.selectFrom('event_shares').selectAll().orderBy('source').orderBy('host').execute();
  t.match(shares, [
    { source: 'coordinator', host: '', events: 2 },
    { source: 'host', host: hostId(1), events: 2 },
    { source: 'person', host: '', events: 2 },
  ]);
});
