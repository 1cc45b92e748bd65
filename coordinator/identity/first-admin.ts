/**
 * The first admin token: made when no admin token works, written to a file that only the coordinator's user can read,
 * and never shown or logged. The file goes away when it was used up by people, not by us.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { TokenStore } from '../store/store.ts';
import { makeApiToken, tokenHash } from './token-text.ts';

export const FIRST_ADMIN_FILE = 'admin-token';

export interface FirstAdminOptions {
  readonly store: Pick<TokenStore, 'hasToken' | 'insertToken'>;
  readonly dataDirectory: string;
  readonly now: number;
  readonly randomBytes: (size: number) => Buffer;
  /** For the event log: why it is made; none = no admin token existed. */
  readonly detail?: string | undefined;
}

/** @returns the file that holds the token where one was made, else null */
export async function ensureFirstAdmin(options: FirstAdminOptions): Promise<string | null> {
  if (await options.store.hasToken({ role: 'admin', at: options.now })) return null;
  return makeAdminFile(options);
}

/**
 * Also where an admin token works: somebody lost it.
 * @returns the file that holds the token
 */
export async function makeAdminFile({
  store,
  dataDirectory,
  now,
  randomBytes,
  detail,
}: FirstAdminOptions): Promise<string> {
  const token = makeApiToken(randomBytes);
  const file = path.join(dataDirectory, FIRST_ADMIN_FILE);
  // The file comes first: a token that nobody can read would lock everybody out.
  writePrivate(file, `${token}\n`);
  const where = `${FIRST_ADMIN_FILE} in the data directory`;
  await recordFirstAdmin({ store, token, now, randomBytes, where, detail });
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
  /** Why it is made; none = no admin token existed. */
  readonly detail?: string | undefined;
}): Promise<void> {
  const { store, token, now, randomBytes, where, detail } = options;
  const id = `t-${randomBytes(6).toString('hex')}`;
  await store.insertToken({
    token: {
      id,
      name: detail === undefined ? 'first-admin' : 'reset-admin',
      role: 'admin',
      hash: tokenHash(token),
      createdAt: now,
      expiresAt: null,
    },
    events: [
      {
        at: now,
        kind: 'token.made',
        app: null,
        host: null,
        deployment: null,
        cause: { kind: 'coordinator', detail: detail ?? 'no admin token existed' },
        text: `Admin token ${id} was made and written to ${where}`,
      },
    ],
  });
}

function writePrivate(file: string, text: string): void {
  const temporary = `${file}.new`;
  // The mode of one that was left behind would stay.
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
