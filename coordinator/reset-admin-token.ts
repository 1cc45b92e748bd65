/** The work of `longshore-coordinator admin-token --reset`: alone with the data, one token more, and away again. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { lockDataDir } from '../daemon/data-dir-lock.ts';
import { systemRoots } from '../daemon/system-roots.ts';
import type { CoordinatorConfig } from './config.ts';
import { databaseSource } from './database-source.ts';
import { openGoogle } from './google/open-google.ts';
import { becomeOwner } from './identity/admin-token-command.ts';
import { makeAdminFile } from './identity/first-admin.ts';
import { openStore } from './open-store.ts';
import type { OpenStoreOptions } from './open-store.ts';

export interface ResetOptions {
  readonly config: CoordinatorConfig;
  readonly databaseUrl: string;
  /** For the event log: who does it. */
  readonly detail: string;
  readonly opening: Pick<OpenStoreOptions, 'workerUrl' | 'now' | 'monotonicMs' | 'makeId'>;
  readonly googleTimeoutMs: number;
}

/**
 * @returns where the token can be read
 * @throws INPUT_INVALID, CONFIG_INVALID where a coordinator runs, STORE_UNAVAILABLE, GOOGLE_UNAVAILABLE, GOOGLE_DENIED
 */
export async function resetAdminToken(options: ResetOptions): Promise<string> {
  const { config, databaseUrl, detail, opening, googleTimeoutMs: timeoutMs } = options;
  const { dataDir } = config;
  becomeOwner(await stat(dataDir).catch(() => null), { uid: process.getuid?.() ?? 0, become }, dataDir);
  const lock = await lockDataDir(dataDir, { program: 'coordinator', token: randomBytes(8).toString('hex') });
  try {
    const ca = await systemRoots();
    const store = await openStore({
      ...opening,
      config,
      source: await databaseSource(config, { databaseUrl, ca, timeoutMs }),
      roots: ca ?? null,
      name: 'admin-token',
      standby: null,
      onFault: () => undefined,
      log: { info: () => undefined, warn: () => undefined },
    });
    try {
      if (config.google === null)
        return await makeAdminFile({ store, dataDirectory: dataDir, now: opening.now(), randomBytes, detail });
      const google = await openGoogle(config.google, { store, audiences: [], ca, timeoutMs });
      return `the secret ${await google.resetAdmin(store, detail)} of Secret Manager`;
    } finally {
      await store.close();
    }
  } finally {
    await lock.release();
  }
}

function become(uid: number, gid: number): void {
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
