/**
 * The implementations of the store port that the contract suite and other tests run over. SQLite's thread is bundled
 * once a process, as the product bundles it: it starts in a tenth of the time that sources take.
 */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../coordinator/store/sqlite-store.ts';
import type { Store } from '../../coordinator/store/store.ts';

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
];

export function openAt(directory: string, workerUrl = SQLITE_WORKER): Promise<Store> {
  return openSqliteStore({
    file: path.join(directory, 'data', 'coordinator.db'),
    workerUrl,
    onFault: (error) => {
      throw error;
    },
  });
}
