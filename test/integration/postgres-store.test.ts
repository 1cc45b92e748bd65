// What is PostgreSQL's own: one coordinator a database, connections that end, other writers, TLS, refusals by name.
import net from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import type { LongshoreError } from '../../fleet/errors.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { variableSource } from '../../coordinator/store/url-source.ts';
import { pollUntil } from '../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';
import { addHost, anEvent } from '../support/store-scenes.ts';
import { openPostgres } from '../support/stores.ts';
import { testAuthority } from '../support/test-authority.ts';

const { programs, skip } = postgresForTests();
/** For the way back: the server's stop, recovery and start, and pauses of up to 5 s between the store's tries. */
const RETURN_MS = 60_000;

async function serverOf(t: Test): Promise<{ server: PostgresServer; database: string; url: string }> {
  const server = await PostgresServer.start(programs ?? '');
  t.teardown(() => server.dispose());
  const database = await server.makeDatabase();
  return { server, database, url: server.url(database) };
}

async function opened(t: Test, url: string, options: Parameters<typeof openPostgres>[1] = {}): Promise<Store> {
  const store = await openPostgres(url, options);
  t.teardown(() => store.close());
  return store;
}

const LOCKED = `select pid from pg_locks where locktype = 'advisory' and granted and database =
  (select oid from pg_database where datname = current_database())`;

t.test('postgres store: a second coordinator is refused by name, until the first has ended', { skip }, async (t) => {
  const { url } = await serverOf(t);
  const first = await openPostgres(url);
  await t.rejects(openPostgres(url, { lockWaitMs: 50 }), {
    code: 'CONFIG_INVALID',
    message: /another coordinator uses it \(connected from its own machine since/,
  });
  await first.appendEvents({ events: [anEvent()] });
  await first.close();
  const next = await opened(t, url);
  t.equal((await next.appendEvents({ events: [anEvent()] }))[0]?.number, 2);
});

t.test(
  'postgres store: what it answered survives a crash of the server, and it goes on after it',
  { skip },
  async (t) => {
    const { server, url } = await serverOf(t);
    const said: string[] = [];
    const store = await opened(t, url, { onAway: () => said.push('away'), onBack: () => said.push('back') });
    const answered: number[] = [];
    const refused: LongshoreError[] = [];
    let isOver = false;
    const writers = Array.from({ length: 10 }, async () => {
      while (!isOver) {
        try {
          for (const { number } of await store.appendEvents({ events: [anEvent()] })) answered.push(number);
        } catch (error) {
          refused.push(error as LongshoreError);
          await pollUntil(
            () => Promise.resolve(store.obstacle()),
            (obstacle) => obstacle === null,
            RETURN_MS,
          );
        }
      }
    });
    await pollUntil(
      () => Promise.resolve(answered.length),
      (count) => count > 100,
    );
    await server.stop('SIGQUIT');
    await pollUntil(
      () => Promise.resolve(store.obstacle()),
      (obstacle) => obstacle !== null,
    );
    await t.rejects(store.allHosts(), { code: 'STORE_UNAVAILABLE', retryable: true });
    await server.start();
    const before = answered.length;
    await pollUntil(
      () => Promise.resolve(answered.length),
      (count) => count > before + 100,
      RETURN_MS,
    );
    isOver = true;
    await Promise.all(writers);

    t.ok(refused.length > 0);
    for (const { code, retryable } of refused) t.same([code, retryable], ['STORE_UNAVAILABLE', true]);
    t.same(said, ['away', 'back']);
    const { checked, brokenAt } = await store.verifyEvents({ from: 1, limit: 1_000_000 });
    t.equal(brokenAt, null);
    t.ok(checked >= Math.max(...answered), 'every number that was answered is there');
    t.equal(new Set(answered).size, answered.length);
  },
);

t.test('postgres store: reads go on over new connections where theirs are cut', { skip }, async (t) => {
  const { server, database, url } = await serverOf(t);
  const store = await opened(t, url);
  await addHost(store, 1);
  t.equal((await store.allHosts()).length, 1);
  const lock = `(${LOCKED})`;
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
       and application_name = 'longshore-coordinator' and pid not in ${lock}`,
    database,
  );
  t.equal((await store.allHosts()).length, 1);
  t.equal(store.obstacle(), null);
});

t.test('postgres store: it ends where another coordinator has the database meanwhile', { skip }, async (t) => {
  const { server, database, url } = await serverOf(t);
  const faults: LongshoreError[] = [];
  const store = await opened(t, url, { lockWaitMs: 100, onFault: (error) => faults.push(error) });
  const other = await server.connect(database);
  t.teardown(() => other.end());
  const [holder] = (await server.query(LOCKED, database)) as { pid: number }[];
  // It waits for the lock before the one who has it is cut off, so it is the next.
  const taken = other.query('select pg_advisory_lock(7813025516127629170)');
  await pollUntil(
    () => server.query("select 1 from pg_locks where locktype = 'advisory' and not granted", database),
    (rows) => rows.length === 1,
  );
  await server.query('select pg_terminate_backend($1)', database, [holder?.pid]);
  await taken;
  await pollUntil(
    () => Promise.resolve(faults.length),
    (count) => count === 1,
    RETURN_MS,
  );
  t.match(faults, [{ code: 'STORE_UNAVAILABLE', message: /another coordinator has taken it/ }]);
  await t.rejects(store.appendEvents({ events: [anEvent()] }), { code: 'STORE_UNAVAILABLE' });
});

t.test('postgres store: it ends where another coordinator was there while it was away', { skip }, async (t) => {
  const { server, database, url } = await serverOf(t);
  const faults: LongshoreError[] = [];
  await opened(t, url, { onFault: (error) => faults.push(error) });
  await server.query("update meta set value = 'another' where key = 'holder'", database);
  await server.query(`select pg_terminate_backend(pid) from (${LOCKED}) held`, database);
  await pollUntil(
    () => Promise.resolve(faults.length),
    (count) => count === 1,
    RETURN_MS,
  );
  t.match(faults, [{ code: 'STORE_UNAVAILABLE' }]);
});

interface Line {
  readonly url: string;
  /** Cuts the near ends; the server never hears of it, as with a machine that lost its network. */
  readonly cut: () => void;
  /** Cuts them once, right behind what is sent next and holds this text. */
  cutAfter: string | null;
}

async function lineTo(t: Test, server: PostgresServer, database: string): Promise<Line> {
  const ends: net.Socket[] = [];
  const proxy = net.createServer((near) => {
    const far = net.connect(server.port, '127.0.0.1');
    near.on('data', (data) => {
      far.write(data);
      if (line.cutAfter === null || !data.includes(line.cutAfter)) return;
      line.cutAfter = null;
      line.cut();
    });
    far.on('data', (data) => near.write(data));
    for (const socket of [near, far]) socket.on('error', () => undefined);
    ends.push(near);
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const bound = proxy.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const line: Line = {
    url: server.tcpUrl(database).replace(`:${server.port}/`, `:${port}/`),
    cut: () => {
      for (const near of ends.splice(0)) near.destroy();
    },
    cutAfter: null,
  };
  return line;
}

t.test('postgres store: a connection of its own that the server still believes in is ended', { skip }, async (t) => {
  const { server, database } = await serverOf(t);
  const line = await lineTo(t, server, database);
  const said: string[] = [];
  const store = await opened(t, line.url, { onBack: () => said.push('back') });
  await store.appendEvents({ events: [anEvent()] });
  const [before] = (await server.query(LOCKED, database)) as { pid: number }[];
  line.cut();
  await pollUntil(
    () => Promise.resolve(said),
    (texts) => texts.length === 1,
    RETURN_MS,
  );
  const [after] = (await server.query(LOCKED, database)) as { pid: number }[];
  t.not(after?.pid, before?.pid);
  t.equal((await store.appendEvents({ events: [anEvent()] }))[0]?.number, 2);
});

t.test('postgres store: what was committed while the connection ended is heard of afterwards', { skip }, async (t) => {
  const { server, database } = await serverOf(t);
  const line = await lineTo(t, server, database);
  const store = await opened(t, line.url);
  const heard: number[] = [];
  store.onAppended((events) => heard.push(...events.map(({ number }) => number)));
  await store.appendEvents({ events: [anEvent()] });
  line.cutAfter = 'COMMIT';
  await t.rejects(store.appendEvents({ events: [anEvent(), anEvent()] }), { code: 'STORE_UNAVAILABLE' });
  await pollUntil(
    () => Promise.resolve(store.obstacle()),
    (obstacle) => obstacle === null,
    RETURN_MS,
  );
  await store.appendEvents({ events: [anEvent()] });
  t.same(heard, [1, 2, 3, 4], 'all of them, once, in order');
  t.match(await store.verifyEvents({ from: 1, limit: 10 }), { checked: 4, brokenAt: null });
});

t.test('postgres store: where another transaction went first, it begins again', { skip }, async (t) => {
  const { server, database, url } = await serverOf(t);
  const store = await opened(t, url);
  const person = await server.connect(database);
  t.teardown(() => person.end());
  await person.query('begin');
  await person.query("update counters set value = value + 5 where name = 'deployments'");
  await person.query("update counters set value = value where name = 'events'");
  const writing = Promise.all([
    store.appendEvents({ events: [anEvent()] }),
    store.appendEvents({ events: [anEvent()] }),
  ]);
  await pollUntil(
    () => server.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'", database),
    (rows) => rows.length === 1,
  );
  await person.query('commit');
  t.same(
    (await writing).flat().map((event) => event.number),
    [1, 2],
  );
  t.match(await store.verifyEvents({ from: 1, limit: 10 }), { checked: 2, brokenAt: null });
});

t.test('postgres store: what a person has to fix is named, without the password', { skip }, async (t) => {
  const { server, database, url } = await serverOf(t);
  const wrong = server.tcpUrl(database, '', 'postgres:swordfish');
  const refused = await openPostgres(wrong).catch((error: unknown) => error as LongshoreError);
  t.match(refused, { code: 'CONFIG_INVALID', message: /password authentication failed/ });
  t.notMatch(JSON.stringify(refused), /swordfish/);
  await t.rejects(openPostgres(server.url('nowhere')), { code: 'CONFIG_INVALID', message: /"nowhere" does not exist/ });
  await t.rejects(openPostgres('postgres://u@127.0.0.1:1/d'), { code: 'STORE_UNAVAILABLE', message: /ECONNREFUSED/ });
  await t.rejects(openPostgres(server.tcpUrl(database, '?sslmode=require')), {
    code: 'CONFIG_INVALID',
    message: /does not support SSL/,
  });
  await server.query('create role weak login', 'postgres');
  await server.query('create database closed', 'postgres');
  await server.query('revoke create on schema public from public', 'closed');
  await t.rejects(openPostgres(server.url('closed').replace('postgres@', 'weak@')), { code: 'CONFIG_INVALID' });

  await (await openPostgres(url)).close();
  await server.query("insert into kysely_migration (name, timestamp) values ('0099-future', 'later')", database);
  await t.rejects(openPostgres(url), { code: 'STATE_FILE_INVALID', message: /newer version \(0099-future\)/ });
});

t.test('postgres store: TLS is checked as the address says', { skip }, async (t) => {
  const authority = testAuthority(['localhost']);
  const server = await PostgresServer.start(programs ?? '', authority);
  t.teardown(() => server.dispose());
  const database = await server.makeDatabase();
  const rootFile = server.write('root.pem', authority.root);
  const otherFile = server.write('other.pem', testAuthority(['localhost']).root);
  const at = (host: string, options: string): string => server.tcpUrl(database, options).replace('127.0.0.1', host);
  const tries = async (url: string): Promise<string> => {
    try {
      const store = await openPostgres('', { source: variableSource(url) });
      await store.allHosts();
      await store.close();
      return 'opened';
    } catch (error) {
      return (error as LongshoreError).message;
    }
  };

  t.equal(await tries(at('localhost', `?sslmode=verify-full&sslrootcert=${rootFile}`)), 'opened');
  t.match(await tries(at('127.0.0.1', `?sslmode=verify-full&sslrootcert=${rootFile}`)), /altnames/);
  t.equal(await tries(at('127.0.0.1', `?sslmode=verify-ca&sslrootcert=${rootFile}`)), 'opened');
  t.match(await tries(at('localhost', `?sslmode=verify-ca&sslrootcert=${otherFile}`)), /certificate/);
  t.match(await tries(at('localhost', '?sslmode=verify-full')), /certificate/, 'no root of this machine');
  t.equal(await tries(at('localhost', '?sslmode=require')), 'opened');
  t.match(await tries(at('localhost', '?sslmode=disable')), /no encryption/);
});
