/**
 * The coordinator's own secrets in Secret Manager: Terraform makes them empty, we put the first version in, and
 * nothing is ever overwritten. A crash between making and using is found at the next start: what is there is used. No
 * value is in a file, a log or a message.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { recordFirstAdmin, type FirstAdminStore } from '../identity/first-admin.ts';
import { makeApiToken, tokenHash } from '../identity/token-text.ts';
import type { SecretManager } from './secret-manager.ts';

export interface MachineSecretsOptions {
  readonly secrets: Pick<SecretManager, 'latest' | 'add'>;
  readonly prefix: string;
  readonly randomBytes: (size: number) => Buffer;
}

const KEY_BYTES = 32;
const API_TOKEN = /^ls_[A-Za-z0-9_-]{43}$/;

/** @throws STATE_FILE_INVALID, GOOGLE_UNAVAILABLE, GOOGLE_DENIED, NOT_FOUND */
export async function readOrMakeKeySecret({ secrets, prefix, randomBytes }: MachineSecretsOptions): Promise<Buffer> {
  const name = `${prefix}-secrets-key`;
  const found = await secrets.latest(name);
  if (found !== null) return keyOf(found, name);
  // Where one was lost, `key-loss.ts` says which values went with it.
  const key = randomBytes(KEY_BYTES);
  await secrets.add(name, Buffer.from(key.toString('base64'), 'utf8'));
  return key;
}

/**
 * The first admin token: one that is in Secret Manager already, or a new one. There first, then in the store, because a
 * token that nobody can read would lock everybody out.
 * @returns the secret that holds the token where it was put into the store, else null
 */
export async function ensureFirstAdminSecret(
  store: FirstAdminStore,
  options: MachineSecretsOptions,
  now: number,
): Promise<string | null> {
  return (await store.hasToken({ role: 'admin', at: now })) ? null : makeAdminSecret(store, options, now);
}

/**
 * Also where an admin token works: somebody lost it.
 * @returns the secret that holds the token
 */
export async function makeAdminSecret(
  store: FirstAdminStore,
  { secrets, prefix, randomBytes }: MachineSecretsOptions,
  now: number,
  detail?: string,
): Promise<string> {
  const name = `${prefix}-admin-token`;
  const found = (await secrets.latest(name))?.toString('utf8').trim() ?? '';
  // One that the store knows does not work any more, or it would be an admin's: it must not come back to life.
  const isUsable = API_TOKEN.test(found) && (await store.tokenByHash({ hash: tokenHash(found) })) === null;
  const token = isUsable ? found : makeApiToken(randomBytes);
  if (!isUsable) await secrets.add(name, Buffer.from(token, 'utf8'));
  await recordFirstAdmin({ store, token, now, randomBytes, where: `the secret ${name}`, detail });
  return name;
}

function keyOf(value: Buffer, name: string): Buffer {
  const text = value.toString('utf8').trim();
  const key = Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES && key.toString('base64') === text) return key;
  throw new LongshoreError(
    'STATE_FILE_INVALID',
    `read the key of the secrets: the newest version of ${name} does not hold 32 bytes in base64`,
    { hint: 'Add the right key as a new version; the old versions are still there.' },
  );
}
