// What is SQLite's own: its file, its thread, damage, newer versions, and death in the middle of writing.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kysely, Migrator } from 'kysely';
import t from 'tap';
import type { Test } from 'tap';
import type Database from 'libsql';
import { LibsqlDialect, openLibsql } from '../../coordinator/store/libsql-database.ts';
import * as initial from '../../coordinator/store/migrations/0001-initial.ts';
import type { Tables } from '../../coordinator/store/tables.ts';
import { toProblem } from '../../coordinator/store/worker-messages.ts';
import { appName, deploymentId, hostId } from '../support/app-builders.ts';
import { pollUntil } from '../support/poll-until.ts';
import { anEvent } from '../support/store-scenes.ts';
import { openAt, SQLITE_WORKER_SOURCE } from '../support/stores.ts';

const libsql = createRequire(import.meta.url)('libsql') as typeof Database;

function directoryOf(t: Test): { directory: string; file: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-sqlite-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return { directory, file: path.join(directory, 'data', 'coordinator.db') };
}

/** The database as the first version left it: only its own step was run. */
async function writeFirstSchema(file: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database: openLibsql(file) }) });
  const provider = { getMigrations: () => Promise.resolve({ '0001-initial': initial }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  await db.destroy();
  if (error !== undefined) throw error instanceof Error ? error : new Error('the first step failed');
}

t.test('sqlite store: its directory and files are for its user alone', async (t) => {
  const { directory, file } = directoryOf(t);
  mkdirSync(path.dirname(file), { recursive: true });
  chmodSync(path.dirname(file), 0o755);
  const store = await openAt(directory);
  await store.appendEvents({ events: [anEvent()] });
  t.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
  for (const name of [file, `${file}-wal`]) t.equal(statSync(name).mode & 0o777, 0o600, name);
  await store.close();
});

t.test('sqlite store: runs from source as well as from its bundle', async (t) => {
  const { directory } = directoryOf(t);
  const store = await openAt(directory, SQLITE_WORKER_SOURCE);
  t.equal((await store.appendEvents({ events: [anEvent()] })).length, 1);
  await store.close();
  const bundled = await openAt(directory);
  t.equal((await bundled.appendEvents({ events: [anEvent()] }))[0]?.number, 2);
  await bundled.close();
});

t.test('sqlite store: what is no database is refused and left as it is', async (t) => {
  const { directory, file } = directoryOf(t);
  mkdirSync(path.dirname(file), { recursive: true });
  const text = 'this is a shopping list\n'.repeat(200);
  writeFileSync(file, text);
  await t.rejects(openAt(directory), { code: 'STATE_FILE_INVALID', message: /coordinator\.db/ });
  t.equal(readFileSync(file, 'utf8'), text);
});

t.test('sqlite store: a damaged page is found at the start', async (t) => {
  const { directory, file } = directoryOf(t);
  const store = await openAt(directory);
  for (let batch = 0; batch < 20; batch += 1) {
    await store.appendEvents({ events: Array.from({ length: 50 }, () => anEvent({ text: 'x'.repeat(200) })) });
  }
  await store.close();
  const bytes = readFileSync(file);
  for (let page = 20; page < 60; page += 1) bytes.fill(0x5a, page * 4096, page * 4096 + 2048);
  writeFileSync(file, bytes);
  await t.rejects(openAt(directory), { code: 'STATE_FILE_INVALID' });
  t.ok(readFileSync(file).equals(bytes), 'nothing is written to it');
});

t.test('sqlite store: a database of a newer version is refused', async (t) => {
  const { directory, file } = directoryOf(t);
  await (await openAt(directory)).close();
  const database = new libsql(file);
  database.prepare('insert into kysely_migration (name, timestamp) values (?, ?)').run(['0099-future', 'later']);
  database.close();
  await t.rejects(openAt(directory), { code: 'STATE_FILE_INVALID', message: /newer version \(0099-future\)/ });
});

t.test('sqlite store: a database of the first schema is brought to this one, with what is in it', async (t) => {
  const { directory, file } = directoryOf(t);
  await writeFirstSchema(file);
  const database = new libsql(file);
  const host = {
    id: hostId(1),
    name: 'host-1',
    labels_own: '{"zone":"a"}',
    labels_agent: '{}',
    availability: 'active',
    public_key: 'public-1',
    sealing_key: 'sealing-1',
    enroll_token: 't1',
    enrolled_at: 1_000,
    session_epoch: 0,
    order_epoch: 0,
    order_generation: 0,
    order_hash: '',
  };
  const values = Object.values(host);
  const places = values.map(() => '?').join(', ');
  database.prepare(`insert into hosts (${Object.keys(host).join(', ')}) values (${places})`).run(values);
  database.exec(`
    insert into apps (name, newest, created_at) values ('api', 1, 0);
    insert into deployments (id, seq, app, release, kind, state, wave, waves, cause, placement, created_at, fence, lease_until)
    values ('${deploymentId(1)}', 9, 'api', 1, 'deploy', 'rolling', 0, 1, '{}', '{}', 0, 0, 0);
    insert into steps (deployment, host, wave, state, attempt, changed_at)
    values ('${deploymentId(1)}', 'h-1', 0, 'passed', 1, 0), ('${deploymentId(1)}', 'h-2', 0, 'moving', 1, 0),
           ('${deploymentId(1)}', 'h-3', 0, 'passed', 1, 0);
  `);
  const insert = (table: string, row: Readonly<Record<string, string | number | null>>): void => {
    const names = Object.keys(row);
    const marks = names.map(() => '?').join(', ');
    database.prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`).run(Object.values(row));
  };
  insert('apps', { name: 'web', newest: 3, succeeded: 2, succeeded_by: 'd-4', created_at: 1 });
  for (const number of [1, 2, 3]) {
    const json = { spec: '{}', hashes: '{}', secret_versions: '{}', cause: '{}' };
    insert('releases', { app: 'web', number, ...json, content: '', created_at: 1 });
  }
  [1, 2, 3, 2].forEach((release, index) => {
    const fixed = { app: 'web', state: 'succeeded', wave: 0, waves: 1, cause: '{}', placement: '{}', created_at: 1 };
    const lease = { fence: 0, lease_until: 0 };
    insert('deployments', { id: `d-${index + 1}`, seq: index + 1, release, kind: 'deploy', ...fixed, ...lease });
  });
  database.close();

  const opened = await openAt(directory);
  t.teardown(() => opened.close());
  t.same((await opened.deployment({ id: deploymentId(1) }))?.counts, [
    { wave: 0, state: 'moving', hosts: 1 },
    { wave: 0, state: 'passed', hosts: 2 },
  ]);
  t.match(await opened.releaseBefore({ app: appName('web') }), { number: 1 }, 'release 3 was rolled back from');

  t.match(await opened.allHosts(), [{ name: 'host-1', labels: { zone: 'a' }, instance: null, poweringOff: false }]);
});

t.test(
  'sqlite store: a lock of another program holds up writes and no reads, and is told as an obstacle',
  async (t) => {
    const { directory, file } = directoryOf(t);
    const store = await openAt(directory);
    t.teardown(() => store.close());
    const other = new libsql(file);
    other.exec('BEGIN IMMEDIATE');
    const written = store.appendEvents({ events: [anEvent()] });

    t.same(await store.listApps({ limit: 1, after: null }), { items: [], next: null });
    const obstacle = await pollUntil(
      async () => store.obstacle(),
      (found) => found !== null,
    );
    t.match(obstacle, /another program has locked the database/);
    other.exec('ROLLBACK');
    other.close();
    t.equal((await written)[0]?.number, 1);
    t.equal(store.obstacle(), null);
  },
);

t.test('sqlite store: a database that another program has locked for itself is not called damaged', async (t) => {
  const { directory, file } = directoryOf(t);
  await (await openAt(directory)).close();
  const other = new libsql(file);
  t.teardown(() => other.close());
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  await t.rejects(openAt(directory), { code: 'STORE_UNAVAILABLE', message: /another program has locked/ });
});

t.test('sqlite store: a change of the past shows', async (t) => {
  const { directory, file } = directoryOf(t);
  const store = await openAt(directory);
  await store.appendEvents({ events: [anEvent(), anEvent({ text: 'ada removed host b' }), anEvent()] });
  await store.close();
  const database = new libsql(file);
  database.prepare('update events set text = ? where number = 2').run(['nobody did anything']);
  database.close();
  const again = await openAt(directory);
  t.match(await again.verifyEvents({ from: 1, limit: 10 }), { brokenAt: 2 });
  await again.close();
});

t.test('sqlite store: killed while it writes, it has everything that it answered', async (t) => {
  const { directory } = directoryOf(t);
  const writer = spawn(process.execPath, ['--import', 'tsx', 'test/support/store-writer.ts', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const enough = 200;
  await new Promise<void>((resolve, reject) => {
    writer.once('error', reject);
    writer.stdout.on('data', (data: Buffer) => {
      said += data.toString('utf8');
      if (said.length > enough * 4) writer.kill('SIGKILL');
    });
    writer.once('close', () => resolve());
  });
  // The last line may be cut by the end of the process.
  const numbers = said.slice(0, said.lastIndexOf('\n')).split('\n').map(Number);
  const highest = Math.max(...numbers);

  const store = await openAt(directory);
  const { brokenAt } = await store.verifyEvents({ from: 1, limit: 1_000_000 });
  const [newest] = (
    await store.listEvents({
      limit: 1,
      after: null,
      app: null,
      host: null,
      kind: null,
      deployment: null,
      order: 'newest',
    })
  ).items;
  await store.close();
  t.ok(numbers.length >= 20, `${numbers.length} events were answered`);
  t.equal(brokenAt, null, 'without gaps, and whole');
  t.ok((newest?.number ?? 0) >= highest, `event ${highest} was answered, ${newest?.number ?? 0} is there`);
});

t.test('sqlite store: errors of the disk have their codes', (t) => {
  const sqlite = (code: string): Error => Object.assign(new Error('it said so'), { code });
  t.equal(toProblem(sqlite('SQLITE_FULL'), 'store x').code, 'NO_SPACE');
  t.equal(toProblem(sqlite('SQLITE_CORRUPT'), 'store x').code, 'STATE_FILE_INVALID');
  t.equal(toProblem(sqlite('SQLITE_CONSTRAINT_UNIQUE'), 'store x').code, 'CONFLICT');
  t.match(toProblem(sqlite('SQLITE_IOERR_WRITE'), 'store x'), {
    code: 'STORE_UNAVAILABLE',
    message: 'store x: it said so',
  });
  t.match(toProblem(sqlite('SQLITE_MISUSE'), 'store x'), { code: 'INTERNAL', message: 'store x: it said so' });
  t.end();
});
