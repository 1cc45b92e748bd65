/**
 * The key of the secrets: 32 random bytes in a file of its own (0600), outside of the store, so that a copy of the
 * database alone opens nothing. Made when missing; one with a wrong length or open to others is refused.
 */
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../daemon/make-folder.ts';
import { LongshoreError } from '../../fleet/errors.ts';

const KEY_BYTES = 32;

/** @throws CONFIG_INVALID where the file is no key, others may read it, or it can be neither read nor made */
export function readOrMakeKey(file: string, randomBytes: (size: number) => Buffer): Buffer {
  try {
    return readOrMake(file, randomBytes);
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `use secrets_key_file ${file}: ${reason}`, {
      cause: error,
      hint: 'The coordinator reads it, or makes it where it is missing. Its unit may write only its data directory: leave secrets_key_file out, or make the key there before the start (docs/operations.md).',
    });
  }
}

function readOrMake(file: string, randomBytes: (size: number) => Buffer): Buffer {
  try {
    return readKey(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  makeFolder(path.dirname(file));
  const key = randomBytes(KEY_BYTES);
  // `wx`: where two start at once, one makes it and the other reads it.
  try {
    const handle = openSync(file, 'wx', 0o600);
    try {
      writeSync(handle, `${key.toString('base64')}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (isExisting(error)) return readKey(file);
    throw error;
  }
  chmodSync(file, 0o600);
  return key;
}

function readKey(file: string): Buffer {
  const text = readFileSync(file, 'utf8').trim();
  const mode = statSync(file).mode & 0o077;
  if (mode !== 0) {
    throw new LongshoreError('CONFIG_INVALID', `read the key of the secrets ${file}: others may read it`, {
      hint: `Run \`chmod 600 ${file}\`; if others did read it, set every secret anew.`,
    });
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text) {
    throw new LongshoreError(
      'CONFIG_INVALID',
      `read the key of the secrets ${file}: it does not hold 32 bytes in base64`,
      { hint: 'Put back the right file from your copy of it.' },
    );
  }
  return key;
}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
const isExisting = (error: unknown): boolean => codeOf(error) === 'EEXIST';
const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
