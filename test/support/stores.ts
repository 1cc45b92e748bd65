/**
 * The implementations of the store port that the contract suite and other tests run over. SQLite's thread is bundled
 * once a process, as the product bundles it: it starts in a tenth of the time that sources take.
 */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { parsePostgresUrl } from '../../coordinator/store/postgres-address.ts';
import type { PostgresAddress } from '../../coordinator/store/postgres-address.ts';
import { openPostgresStore } from '../../coordinator/store/postgres-store.ts';
import type { PostgresStoreOptions } from '../../coordinator/store/postgres-store.ts';
import { openSqliteStore } from '../../coordinator/store/sqlite-store.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { postgresForTests, PostgresServer } from './postgres-server.ts';

export const SQLITE_WORKER_SOURCE = new URL('../../coordinator/store/sqlite-worker.ts', import.meta.url);
export const SQLITE_WORKER = await bundledWorker();

/** Stands inside the repository, where it finds the native package. */
async function bundledWorker(): Promise<URL> {
  const output = new URL(`../../.cache/tests/sqlite-worker-${process.pid}.mjs`, import.meta.url);
  const outfile = fileURLToPath(output);
  await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['libsql'],
    logLevel: 'silent',
    entryPoints: [fileURLToPath(SQLITE_WORKER_SOURCE)],
    outfile,
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  return output;
}

export interface StoreKind {
  readonly name: string;
  /** Why it cannot be had on this machine. */
  readonly skip: string | false;
  /** An empty store; `dispose` closes it and takes away what it left. */
  open(): Promise<{
    readonly store: Store;
    readonly reopen: () => Promise<Store>;
    readonly dispose: () => Promise<void>;
  }>;
}

export const storeKinds: readonly StoreKind[] = [
  {
    name: 'SQLite',
    skip: false,
    open: async () => {
      const directory = mkdtempSync(path.join(tmpdir(), 'longshore-store-'));
      let store = await openAt(directory);
      return {
        store,
        reopen: async () => {
          await store.close();
          store = await openAt(directory);
          return store;
        },
        dispose: async () => {
          await store.close();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
  },
  postgresKind(),
];

/** One server a process, started with the first store; a database for each store. */
function postgresKind(): StoreKind {
  const { programs, skip } = postgresForTests();
  let server: Promise<PostgresServer> | null = null;
  return {
    name: 'PostgreSQL',
    skip,
    open: async () => {
      if (programs === null) throw new Error('this test needs `skip` of its kind of store');
      const { url } = await (server ??= PostgresServer.start(programs)).then(async (started) => ({
        url: started.url(await started.makeDatabase()),
      }));
      let store = await openPostgres(url);
      return {
        store,
        reopen: async () => {
          await store.close();
          store = await openPostgres(url);
          return store;
        },
        dispose: () => store.close(),
      };
    },
  };
}

export function postgresAddress(url: string): PostgresAddress {
  const parsed = parsePostgresUrl(url);
  if (parsed.kind === 'problems') throw new Error(parsed.problems.join(', '));
  return parsed.address;
}

export function openPostgres(url: string, options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
  return openPostgresStore({
    source: {
      address: () => Promise.resolve(postgresAddress(url)),
      refused: () => Promise.resolve(false),
      accepted: () => undefined,
    },
    roots: null,
    holder: randomUUID(),
    lockWaitMs: 2_000,
    name: 'a-test',
    standby: null,
    prepare: () => Promise.resolve(),
    onFault: (error) => {
      throw error;
    },
    onAway: () => undefined,
    onBack: () => undefined,
    clock: () => performance.now(),
    ...options,
  });
}

export function openAt(directory: string, workerUrl = SQLITE_WORKER): Promise<Store> {
  return openSqliteStore({
    file: path.join(directory, 'data', 'coordinator.db'),
    workerUrl,
    onFault: (error) => {
      throw error;
    },
  });
}
