// PostgreSQL that answers and takes no writes: the coordinator says why, reads on, and writes again by itself.
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Store } from '../../coordinator/store/store.ts';
import { pollUntil } from '../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';
import { anEvent } from '../support/store-scenes.ts';
import { openPostgres } from '../support/stores.ts';

const { programs, skip } = postgresForTests();
/** For a start of the server, and pauses of up to 5 s between the store's tries. */
const RETURN_MS = 60_000;

/** One for both: it takes longer to start than they do. */
let server: Promise<PostgresServer> | null = null;
const running = (): Promise<PostgresServer> => (server ??= PostgresServer.start(programs ?? ''));
t.teardown(async () => (await server)?.dispose());

function mountDisk(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', folder], { stdio: 'pipe' });
}

/** @returns why no small disk can be had on this machine */
function noDisk(): string | false {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-disk-'));
  try {
    mountDisk(folder);
    execFileSync('umount', [folder]);
    return false;
  } catch {
    return 'only root may mount a small disk';
  } finally {
    rmdirSync(folder);
  }
}

const hears = (store: Store, is: RegExp | null): Promise<unknown> =>
  pollUntil(
    () => Promise.resolve(store.obstacle()),
    (obstacle) => (is === null ? obstacle === null : obstacle !== null && is.test(obstacle)),
    RETURN_MS,
  );
const reads = (store: Store): Promise<unknown> => store.verifyEvents({ from: 1, limit: 1 });

t.test(
  'postgres store: a server that is read-only, or a standby, is an obstacle until it is not',
  { skip },
  async (t) => {
    const server = await PostgresServer.start(programs ?? '');
    t.teardown(() => server.dispose());
    const database = await server.makeDatabase();
    const store = await openPostgres(server.url(database));
    t.teardown(() => store.close());
    await store.appendEvents({ events: [anEvent()] });
    const set = async (value: string): Promise<void> => {
      const client = await server.connect('postgres');
      await client.query('set default_transaction_read_only = off');
      await client.query(`alter system set default_transaction_read_only = ${value}`);
      await client.query('select pg_reload_conf()');
      await client.end();
    };

    await set('on');
    // Nobody writes meanwhile.
    await hears(store, /read-only/);
    await t.rejects(store.appendEvents({ events: [anEvent()] }), { code: 'STORE_UNAVAILABLE', message: /read-only/ });
    await t.resolves(reads(store));
    await set('off');
    await hears(store, null);
    t.equal((await store.appendEvents({ events: [anEvent()] }))[0]?.number, 2);

    await server.stop();
    server.write('data/standby.signal', '');
    await server.start();
    await hears(store, /a standby, and takes no writes/);
    await t.rejects(openPostgres(server.url(database)), { code: 'STORE_UNAVAILABLE', message: /a standby/ });
    await server.query('select pg_promote()', 'postgres');
    await hears(store, null);
    t.equal((await store.appendEvents({ events: [anEvent()] }))[0]?.number, 3);
  },
);

t.test(
  'postgres store: a full disk is an obstacle until there is room',
  { skip: skip === false ? noDisk() : skip },
  async (t) => {
    const server = await running();
    const disk = path.join(server.folder, 'disk');
    mkdirSync(disk);
    mountDisk(disk);
    t.teardown(async () => {
      await server.stop('SIGQUIT');
      execFileSync('umount', [disk]);
    });
    const { uid, gid } = statSync(server.folder);
    const space = path.join(disk, 'space');
    mkdirSync(space);
    chownSync(space, uid, gid);
    await server.query(`create tablespace small location '${space}'`, 'postgres');
    const database = await server.makeDatabase();
    await server.query(`alter database ${database} set tablespace small`, 'postgres');
    const store = await openPostgres(server.url(database));
    t.teardown(() => store.close());
    await store.appendEvents({ events: [anEvent()] });
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(path.join(disk, 'filler'), Buffer.alloc(Number(bavail) * Number(bsize)));

    const fill = async (): Promise<void> => {
      for (;;)
        await store.appendEvents({ events: Array.from({ length: 50 }, () => anEvent({ text: 'x'.repeat(1_000) })) });
    };
    await t.rejects(fill(), { code: 'NO_SPACE', message: /the disk of the database is full/ });
    t.equal(store.obstacle(), 'the disk of the database is full');
    await t.resolves(reads(store));
    await store.touchTokens({ used: [] });
    t.equal(store.obstacle(), 'the disk of the database is full', 'what needs no room says nothing');

    rmSync(path.join(disk, 'filler'));
    await hears(store, null);
    await t.resolves(store.appendEvents({ events: [anEvent({ text: 'x'.repeat(100_000) })] }));
    t.match(await store.verifyEvents({ from: 1, limit: 100_000 }), { brokenAt: null });
  },
);
