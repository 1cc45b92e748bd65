// From SQLite to PostgreSQL: everything arrives, once, whenever it is cut off; and nobody begins anew by mistake.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { openStore } from '../../coordinator/open-store.ts';
import { openLibsql } from '../../coordinator/store/libsql-database.ts';
import { moveToPostgres } from '../../coordinator/store/move-to-postgres.ts';
import type { LoneClient } from '../../coordinator/store/postgres-client.ts';
import { variableSource } from '../../coordinator/store/url-source.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { TABLES } from '../../coordinator/store/tables.ts';
import { hostId } from '../support/app-builders.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';
import { addHost, anEvent, aTarget, enqueue, move, WEB } from '../support/store-scenes.ts';
import { openPostgres, SQLITE_WORKER } from '../support/stores.ts';

const { programs, skip } = postgresForTests();
const EVERY = {
  app: null,
  host: null,
  kind: null,
  deployment: null,
  limit: 1_000,
  after: null,
  order: 'oldest',
} as const;

interface Place {
  readonly server: PostgresServer;
  readonly database: string;
  readonly url: string;
  readonly dataDir: string;
  readonly file: string;
  readonly said: string[];
  /** As the coordinator opens it; closed at the end of the test. */
  readonly open: (url: string | null) => Promise<Store>;
}

let shared: Promise<PostgresServer> | null = null;
t.teardown(async () => (await shared)?.dispose());

async function placeOf(t: Test): Promise<Place> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'longshore-move-'));
  const server = await (shared ??= PostgresServer.start(programs ?? ''));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const said: string[] = [];
  const note = (_fields: object, text: string): void => void said.push(text);
  const open = async (url: string | null): Promise<Store> => {
    const store = await openStore({
      config: { dataDir },
      source: url === null ? null : variableSource(url),
      roots: null,
      workerUrl: SQLITE_WORKER,
      name: 'a-test',
      standby: null,
      onFault: (error) => {
        throw error;
      },
      log: { info: note, warn: note },
      now: Date.now,
      monotonicMs: () => performance.now(),
      makeId: randomUUID,
    });
    t.teardown(() => store.close());
    return store;
  };
  const database = await server.makeDatabase();
  return {
    server,
    database,
    url: server.url(database),
    dataDir,
    file: path.join(dataDir, 'coordinator.db'),
    said,
    open,
  };
}

/** Something in most tables, and more events than go into one statement. */
async function fill(store: Store): Promise<void> {
  await addHost(store, 1, { labels: { zone: 'ä"b' } });
  const { deployment } = await enqueue(store, { number: 1, placement: { [hostId(1)]: { web: 1 } } });
  await move(store, deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
  await store.putSecret({ app: WEB, name: 'db', version: 1, ciphertext: Uint8Array.from([0, 255]), at: 1, events: [] });
  await store.keyCheck({ ciphertext: Uint8Array.from([7]) });
  await store.appendEvents({ events: Array.from({ length: 450 }, (_, index) => anEvent({ text: `event ${index}` })) });
}

/** Gives the file that was set aside its name again, as a person who goes back. */
function nameBack(file: string): void {
  const folder = path.dirname(file);
  const [name = ''] = readdirSync(folder).filter((entry) => entry.startsWith('coordinator.db.moved-'));
  renameSync(path.join(folder, name), file);
}

async function contents(store: Store): Promise<unknown> {
  return {
    hosts: await store.allHosts(),
    events: (await store.listEvents({ ...EVERY, kind: 'test.happened' })).items,
    targets: await store.targetsOfApp({ app: WEB }),
    releases: await store.listReleases({ app: WEB, limit: 10, after: null }),
    deployments: await store.listDeployments({ app: null, limit: 10, after: null }),
    secrets: await store.secretsOfApp({ app: null }),
  };
}

t.test('move: the first start on an empty PostgreSQL brings everything, and says so', { skip }, async (t) => {
  const { url, file, dataDir, said, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  const before = await contents(sqlite);
  const { number } = (await sqlite.listEvents({ ...EVERY, order: 'newest', limit: 1 })).items[0] ?? { number: 0 };
  await sqlite.close();

  const store = await open(url);
  t.same(await contents(store), before);
  t.match(await store.verifyEvents({ from: 1, limit: 10_000 }), { checked: number + 1, brokenAt: null });
  t.match((await store.listEvents({ ...EVERY, order: 'newest', limit: 1 })).items, [
    { kind: 'coordinator.database-moved', number: number + 1, text: /from SQLite to PostgreSQL: \d+ rows/ },
  ]);
  t.same(said, ['the data was moved from SQLite to PostgreSQL']);
  t.notOk(existsSync(file));
  t.equal(readdirSync(dataDir).filter((name) => /^coordinator\.db\.moved-\d{4}-/.test(name)).length, 1);
  t.equal((await enqueue(store, { number: 2 })).release.number, 2, 'numbers go on');
  await store.close();

  await t.rejects(open(null), { code: 'CONFIG_INVALID', message: /is in PostgreSQL, and no database is configured/ });
  t.notOk(existsSync(file), 'and nothing was begun anew');
  const again = await open(url);
  t.equal((await again.listEvents({ ...EVERY, kind: 'coordinator.database-moved' })).items.length, 1, 'once');
});

t.test('move: whichever statement it is cut off at, it is done again, and nothing is lost', { skip }, async (t) => {
  const { server, file, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  const before = await contents(sqlite);
  await sqlite.close();
  const database = await server.makeDatabase();
  const url = server.url(database);
  await (await openPostgres(url)).close();

  const cutAfter = async (most: number): Promise<boolean> => {
    let asked = 0;
    const attempt = openPostgres(url, {
      prepare: async (client, name) => {
        const query: LoneClient['query'] = (text, values) => {
          asked += 1;
          return asked > most ? Promise.reject(new Error('cut off')) : client.query(text, values);
        };
        await moveToPostgres({ file, client: { query }, database: name, now: Date.now, makeId: randomUUID });
      },
    });
    return attempt.then(
      async (store) => {
        await store.close();
        return false;
      },
      (error: unknown) => {
        t.match(error, /cut off/);
        return true;
      },
    );
  };
  let cuts = 0;
  for (let most = 1; await cutAfter(most); most += 3) {
    cuts += 1;
    t.ok(existsSync(file), `after ${most}`);
    t.same(await server.query('select * from hosts', database), []);
  }
  t.ok(cuts > 10, `${cuts} cuts`);
  const store = await open(url);
  t.same(await contents(store), before);
});

t.test('move: somebody reads the file meanwhile, and what is set aside is whole', { skip }, async (t) => {
  const { url, dataDir, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  const before = await contents(sqlite);
  const all = (await sqlite.verifyEvents({ from: 1, limit: 10_000 })).checked;
  const reader = openLibsql(path.join(dataDir, 'coordinator.db'));
  t.teardown(() => reader.close());
  await sqlite.close();
  reader.prepare('select * from events').iterate([]).next();

  const store = await open(url);
  t.same(await contents(store), before);
  await store.close();
  const aside = readdirSync(dataDir).filter((name) => name.startsWith('coordinator.db'));
  t.match(aside, [/^coordinator\.db\.moved-.*Z$/], 'nothing beside it');
  t.equal(aside.length, 1);
  const file = path.join(dataDir, aside[0] ?? '');
  t.equal(statSync(file).mode & 0o777, 0o600);
  const opened = openLibsql(file);
  t.teardown(() => opened.close());
  t.match(opened.prepare('select count(*) as count from events').all([]), [{ count: all }]);

  writeFileSync(path.join(dataDir, 'coordinator.db-wal'), 'left by one that was cut off');
  await (await open(url)).close();
  t.same(
    readdirSync(dataDir).filter((name) => name.startsWith('coordinator.db') && !name.includes('.moved-')),
    [],
    'nothing that another file could be read with',
  );
});

t.test('move: cut off between the commit and the name, only the name is given', { skip }, async (t) => {
  const { url, file, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  await sqlite.close();
  const moved = await open(url);
  await moved.appendEvents({ events: [anEvent({ kind: 'test.later' })] });
  await moved.close();
  nameBack(file);

  const store = await open(url);
  t.notOk(existsSync(file));
  t.equal((await store.listEvents({ ...EVERY, kind: 'coordinator.database-moved' })).items.length, 1);
  t.equal((await store.listEvents({ ...EVERY, kind: 'test.later' })).items.length, 1);
});

t.test('move: two databases with data of their own are never mixed', { skip }, async (t) => {
  const { url, file, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  await sqlite.close();
  await (await open(url)).close();
  nameBack(file);
  const back = await open(null);
  await back.appendEvents({ events: [anEvent()] });
  await back.close();

  await t.rejects(open(url), { code: 'CONFIG_INVALID', message: /it holds data, and so does .*coordinator\.db/ });
  t.ok(existsSync(file));
  const still = await open(null);
  t.match(await still.verifyEvents({ from: 1, limit: 10_000 }), { brokenAt: null });
});

t.test('move: back on SQLite, the file is locked against who else reads it', { skip }, async (t) => {
  const { url, file, open } = await placeOf(t);
  const sqlite = await open(null);
  await fill(sqlite);
  await sqlite.close();
  await (await open(url)).close();
  nameBack(file);

  const back = await open(null);
  // Who believes to be the last one takes the write-ahead log away as it closes, with all that is written afterwards.
  const reader = `const db = new (require('libsql'))(${JSON.stringify(file)}); db.exec('select * from events'); db.close();`;
  execFileSync(process.execPath, ['-e', reader]);
  t.ok(existsSync(`${file}-wal`));
  await back.appendEvents({ events: [anEvent({ kind: 'test.afterwards' })] });
  const copy = mkdtempSync(path.join(tmpdir(), 'longshore-back-'));
  t.teardown(() => rmSync(copy, { recursive: true, force: true }));
  for (const side of ['', '-wal']) cpSync(`${file}${side}`, path.join(copy, `coordinator.db${side}`));
  const after = openLibsql(path.join(copy, 'coordinator.db'));
  t.teardown(() => after.close());
  const found = after.prepare("select count(*) as count from events where kind = 'test.afterwards'").all([]);
  t.match(found, [{ count: 1 }], 'as a crash would leave it');
});

t.test('move: the tables are all that the schema has, none before one that it refers to', { skip }, async (t) => {
  const { server, database, url } = await placeOf(t);
  await (await openPostgres(url)).close();
  const rows = (await server.query(
    "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    database,
  )) as { name: string }[];
  t.same(
    rows
      .map((row) => row.name)
      .filter((name) => !name.startsWith('kysely_'))
      .toSorted(),
    [...TABLES].toSorted(),
  );
  const references = (await server.query(
    "select conrelid::regclass::text as source, confrelid::regclass::text as target from pg_constraint where contype = 'f'",
    database,
  )) as { source: string; target: string }[];
  for (const { source, target } of references)
    t.ok(TABLES.indexOf(target as 'meta') < TABLES.indexOf(source as 'meta'), `${source} after ${target}`);
});
