/**
 * The first admin token: made when no admin token works, written to a file that only the coordinator's user can read,
 * and never shown or logged. The file goes away when it was used up by people, not by us.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { TokenStore } from '../store/store.ts';
import { makeApiToken, tokenHash } from './token-text.ts';

export const FIRST_ADMIN_FILE = 'admin-token';

export interface FirstAdminOptions {
  readonly store: Pick<TokenStore, 'hasToken' | 'insertToken'>;
  readonly dataDirectory: string;
  readonly now: number;
  readonly randomBytes: (size: number) => Buffer;
}

/** @returns the file that holds the token where one was made, else null */
export async function ensureFirstAdmin({
  store,
  dataDirectory,
  now,
  randomBytes,
}: FirstAdminOptions): Promise<string | null> {
  if (await store.hasToken({ role: 'admin', at: now })) return null;
  const token = makeApiToken(randomBytes);
  const file = path.join(dataDirectory, FIRST_ADMIN_FILE);
  // The file comes first: a token that nobody can read would lock everybody out.
  writePrivate(file, `${token}\n`);
  await recordFirstAdmin({ store, token, now, randomBytes, where: `${FIRST_ADMIN_FILE} in the data directory` });
  return file;
}

export type FirstAdminStore = Pick<TokenStore, 'hasToken' | 'insertToken' | 'tokenByHash'>;

/** Puts a token that somebody can read already into the store. */
export async function recordFirstAdmin(options: {
  readonly store: Pick<TokenStore, 'insertToken'>;
  readonly token: string;
  readonly now: number;
  readonly randomBytes: (size: number) => Buffer;
  /** Where people find its text. */
  readonly where: string;
}): Promise<void> {
  const { store, token, now, randomBytes, where } = options;
  const id = `t-${randomBytes(6).toString('hex')}`;
  await store.insertToken({
    token: { id, name: 'first-admin', role: 'admin', hash: tokenHash(token), createdAt: now, expiresAt: null },
    events: [
      {
        at: now,
        kind: 'token.made',
        app: null,
        host: null,
        deployment: null,
        cause: { kind: 'coordinator', detail: 'no admin token existed' },
        text: `Admin token ${id} was made and written to ${where}`,
      },
    ],
  });
}

function writePrivate(file: string, text: string): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
