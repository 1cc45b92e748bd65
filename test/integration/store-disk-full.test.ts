// SQLite undoes the whole transaction by itself where a statement finds no room: what was answered must be true all the same.
import { Kysely } from 'kysely';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { runBatch } from '../../coordinator/store/group-commit.ts';
import type { Call } from '../../coordinator/store/group-commit.ts';
import { LibsqlDialect, openLibsql } from '../../coordinator/store/libsql-database.ts';
import { migrate } from '../../coordinator/store/migrate.ts';
import { appendEvents, listEvents } from '../../coordinator/store/sql/events.ts';
import type { Transaction } from '../../coordinator/store/sql/transaction.ts';
import { sqliteConnection } from '../../coordinator/store/sqlite-connection.ts';
import type { Tables } from '../../coordinator/store/tables.ts';
import { anEvent } from '../support/store-scenes.ts';

const EVERY = {
  limit: 100,
  after: null,
  app: null,
  host: null,
  kind: null,
  deployment: null,
  order: 'oldest',
} as const;

t.test(
  'group commit: on a full disk nothing is kept that was answered as failed, and the reason is told',
  async (t) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'longshore-full-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const file = path.join(directory, 'coordinator.db');
    const database = openLibsql(file);
    const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database }) });
    t.teardown(() => db.destroy());
    await migrate(db, file);
    const connection = sqliteConnection(database, db);
    let id = 0;
    const append = (text: string): Call => ({
      id: (id += 1),
      name: 'appendEvents',
      writes: true,
      run: (transaction: Transaction) => appendEvents(transaction, { events: [anEvent({ text })] }),
    });
    const batch = (calls: readonly Call[]) => {
      const [first, ...rest] = calls;
      if (first === undefined) throw new Error('no call');
      return runBatch(
        connection,
        first,
        () => rest.shift() ?? null,
        () => 0,
      );
    };
    const kept = async () => (await listEvents({ db, appended: [] }, EVERY)).items.map(({ text }) => text);
    await batch([append('before')]);
    const [pages] = database.prepare('PRAGMA page_count').all([]) as { page_count: number }[];
    database.exec(`PRAGMA max_page_count = ${(pages?.page_count ?? 0) + 2}`);

    const waiting = [append('small'), append('x'.repeat(100_000)), append('after'), append('last')];
    const full = await batch(waiting);

    t.match(full.answers, [
      { kind: 'failed', problem: { code: 'NO_SPACE' } },
      { kind: 'failed', problem: { code: 'NO_SPACE' } },
    ]);
    t.equal(full.answers.length, 2, 'the batch ends there');
    t.same(full.appended, []);
    t.same(await kept(), ['before']);

    const next = await batch(waiting.slice(2));
    t.match(next.answers, [{ kind: 'done' }, { kind: 'done' }]);
    t.same(await kept(), ['before', 'after', 'last']);

    database.exec('PRAGMA max_page_count = 1000000');
    const again = await batch([append('again'), append('x'.repeat(100_000))]);
    t.match(again.answers, [{ kind: 'done' }, { kind: 'done' }]);
    t.equal((await kept()).length, 5);
  },
);
