// Cloud SQL: the coordinator makes its own user, over a fake Admin API and Secret Manager with a real PostgreSQL behind.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Test } from 'tap';
import { cloudSqlSource } from '../../../coordinator/google/google-cloud.ts';
import type { DatabaseSource } from '../../../coordinator/store/postgres-open.ts';
import type { Store } from '../../../coordinator/store/store.ts';
import { FakeGoogle, PROJECT } from '../../support/fake-google.ts';
import type { FakeSqlInstance } from '../../support/fake-google.ts';
import { pollUntil } from '../../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../../support/postgres-server.ts';
import { anEvent } from '../../support/store-scenes.ts';
import { openPostgres } from '../../support/stores.ts';
import { testAuthority } from '../../support/test-authority.ts';

const { programs, skip } = postgresForTests();
const INSTANCE = 'ship-coordinator';
const SECRET = 'ship-longshore-database-password';

interface Scene {
  readonly server: PostgresServer;
  readonly google: FakeGoogle;
  readonly sql: FakeSqlInstance;
  /** What the Admin API was asked to change. */
  readonly changes: () => readonly string[];
  /** What has to be done before a login that was refused is tried again. */
  whilePausing: () => Promise<void>;
  readonly open: (onBack?: () => void) => Promise<Store>;
}

async function scene(t: Test, commonName = `${PROJECT}:${INSTANCE}`): Promise<Scene> {
  const authority = testAuthority(['unused'], commonName);
  const server = await PostgresServer.start(programs ?? '', authority);
  const google = await FakeGoogle.start();
  t.teardown(async () => {
    await google.stop();
    await server.dispose();
  });
  // As Terraform leaves them: an empty secret, and a database without a user of ours.
  google.secrets.set(SECRET, []);
  await server.query('create database longshore', 'postgres');
  const sql: FakeSqlInstance = {
    name: INSTANCE,
    state: 'RUNNABLE',
    privateAddress: '127.0.0.1',
    root: authority.root,
    users: async () =>
      ((await server.query('select rolname as name from pg_roles', 'postgres')) as { name: string }[]).map(
        ({ name }) => name,
      ),
    setPassword: async (user, password, isNew) => {
      await server.query(`${isNew ? 'create' : 'alter'} role "${user}" login password '${password}'`, 'postgres');
      if (isNew) await server.query(`alter database longshore owner to "${user}"`, 'postgres');
    },
  };
  google.sql = sql;
  const made: Scene = {
    server,
    google,
    sql,
    changes: () => google.asked.filter((call) => /^(POST|PUT) /.test(call)),
    whilePausing: () => Promise.resolve(),
    open: async (onBack = () => undefined) => {
      const store = await openPostgres('', { source: sourceOf(), onBack });
      t.teardown(() => store.close());
      return store;
    },
  };
  return made;

  /** As the coordinator makes it, except for the port, which is not free here. */
  function sourceOf(): DatabaseSource {
    let clock = 0;
    const source = cloudSqlSource({
      config: { project: PROJECT, secretPrefix: 'ship-longshore' },
      instance: INSTANCE,
      http: google.http(),
      now: Date.now,
      randomBytes,
      clock: () => clock,
      pause: (ms) => {
        clock += ms;
        return made.whilePausing();
      },
    });
    return {
      address: async () => ({ ...(await source.address()), port: server.port }),
      refused: () => source.refused(),
      accepted: () => source.accepted(),
    };
  }
}

const SECRET_ADDED = `POST secretmanager.googleapis.com/v1/projects/${PROJECT}/secrets/${SECRET}:addVersion`;
const USERS = `sqladmin.googleapis.com/v1/projects/${PROJECT}/instances/${INSTANCE}/users`;

t.test('cloud sql: the first start makes password and user, the next ones use them', { skip }, async (t) => {
  const { google, server, changes, open } = await scene(t);
  const store = await open();
  t.same(changes(), [SECRET_ADDED, `POST ${USERS}`], 'the secret first');
  await store.appendEvents({ events: [anEvent()] });
  const [row] = (await server.query(
    "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'longshore' limit 1",
    'longshore',
  )) as { ssl: boolean }[];
  t.equal(row?.ssl, true);
  await store.close();

  const again = await open();
  t.equal((await again.appendEvents({ events: [anEvent()] }))[0]?.number, 2);
  t.equal(changes().length, 2, 'nothing was changed');
  const password = google.secrets.get(SECRET)?.[0]?.toString('utf8') ?? '';
  t.match(password, /^[A-Za-z0-9_-]{43}$/);
  t.notOk(google.asked.some((call) => call.includes(password)));
});

t.test('cloud sql: a password that somebody changed is set to the secret again', { skip }, async (t) => {
  const { google, server, changes, open } = await scene(t);
  await (await open()).close();
  await server.query("alter role longshore password 'changed by hand'", 'postgres');
  const store = await open();
  await store.appendEvents({ events: [anEvent()] });
  t.same(changes().slice(2), [`PUT ${USERS}`]);
  t.equal(google.secrets.get(SECRET)?.length, 1);
});

t.test('cloud sql: a new version of the secret is the new password', { skip }, async (t) => {
  const { google, open } = await scene(t);
  await (await open()).close();
  google.secrets.get(SECRET)?.push(Buffer.from('rotated-by-an-operator\n'));
  const store = await open();
  t.equal((await store.appendEvents({ events: [anEvent()] })).length, 1);
});

t.test('cloud sql: changed while it runs, it is repaired without a start', { skip }, async (t) => {
  const { server, open } = await scene(t);
  const said: string[] = [];
  const store = await open(() => said.push('back'));
  await server.query("alter role longshore password 'changed by hand'", 'postgres');
  await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'longshore'", 'postgres');
  await pollUntil(
    () => Promise.resolve(said),
    (texts) => texts.length === 1,
  );
  t.equal((await store.appendEvents({ events: [anEvent()] })).length, 1);
});

t.test(
  'cloud sql: ended between secret and user, the next start goes on with the same password',
  { skip },
  async (t) => {
    const { google, changes, open } = await scene(t);
    google.refuse = (path) =>
      path.endsWith('/users') ? { status: 503, body: { error: { message: 'try again later' } } } : null;
    await t.rejects(open(), { code: 'GOOGLE_UNAVAILABLE', message: /set the password of user longshore/ });
    google.refuse = null;
    const store = await open();
    t.equal((await store.appendEvents({ events: [anEvent()] })).length, 1);
    t.same(changes(), [SECRET_ADDED, `POST ${USERS}`]);
  },
);

t.test('cloud sql: a password counts a while after Google has said so', { skip }, async (t) => {
  const made = await scene(t);
  const { sql, open, google } = made;
  let later: (() => Promise<void>) | null = null;
  let pauses = 0;
  google.sql = {
    ...sql,
    setPassword: (...args) => {
      later = () => sql.setPassword(...args);
      return Promise.resolve();
    },
  };
  made.whilePausing = async () => {
    pauses += 1;
    if (pauses === 3) await later?.();
  };
  const store = await open();
  t.equal((await store.appendEvents({ events: [anEvent()] })).length, 1);
  t.equal(pauses, 3);
});

t.test('cloud sql: a password that never counts ends the start, to be tried again', { skip }, async (t) => {
  const { sql, open, google } = await scene(t);
  google.sql = { ...sql, setPassword: () => Promise.resolve() };
  await t.rejects(open(), { code: 'STORE_UNAVAILABLE', message: /does not take the password that was set/ });
});

t.test('cloud sql: only the instance itself is believed', { skip }, async (t) => {
  const { google, sql, open } = await scene(t, `${PROJECT}:another`);
  await t.rejects(open(), {
    code: 'STORE_UNAVAILABLE',
    message: /of my-project:another and not of my-project:ship-coordinator/,
  });
  google.sql = { ...sql, root: testAuthority(['unused']).root };
  await t.rejects(open(), { code: 'STORE_UNAVAILABLE', message: /certificate/ });
});

t.test('cloud sql: what is not ready is tried again, what Terraform has to make is named', { skip }, async (t) => {
  const { google, sql, open } = await scene(t);
  sql.state = 'PENDING_CREATE';
  await t.rejects(open(), { code: 'STORE_UNAVAILABLE', message: /PENDING_CREATE/ });
  google.sql = null;
  await t.rejects(open(), { code: 'STORE_UNAVAILABLE', message: /not found/ });
  google.sql = sql;
  sql.state = 'RUNNABLE';
  google.secrets.delete(SECRET);
  await t.rejects(open(), { code: 'NOT_FOUND', message: /ship-longshore-database-password/ });
});
