/**
 * Where the database is, from an address that stands in a variable or a file. A file is read at each connection, so that
 * a new password in it counts without a start.
 */
import { readFile, stat } from 'node:fs/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { parsePostgresUrl, toDetails } from './postgres-address.ts';
import type { PostgresAddress } from './postgres-address.ts';
import type { DatabaseSource } from './postgres-open.ts';

const HINT = 'The form is postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full; see docs/operations.md.';

export function variableSource(url: string): DatabaseSource {
  return { address: () => toAddress('DATABASE_URL', url), ...NOT_OURS };
}

export function fileSource(file: string): DatabaseSource {
  return { address: async () => toAddress(file, await readSecret(file)), ...NOT_OURS };
}

/** Repaired by what made the user. */
const NOT_OURS = { refused: () => Promise.resolve(false), accepted: () => undefined };

async function toAddress(where: string, text: string): Promise<PostgresAddress> {
  const parsed = parsePostgresUrl(text);
  if (parsed.kind === 'problems') {
    const details = toDetails(where, parsed.problems);
    throw new LongshoreError('CONFIG_INVALID', 'read the address of the database', { details, hint: HINT });
  }
  const { address, rootFile } = parsed;
  if (rootFile === null || address.tls.kind === 'none') return address;
  const roots = [await readText(rootFile, 'sslrootcert')];
  return { ...address, tls: { ...address.tls, roots } as PostgresAddress['tls'] };
}

async function readSecret(file: string): Promise<string> {
  const text = await readText(file, 'database.url_file');
  if (((await stat(file)).mode & 0o007) === 0) return text;
  throw new LongshoreError('CONFIG_INVALID', `read the address of the database ${file}: everybody may read it`, {
    hint: `Run \`chmod 600 ${file}\`; if others did read it, change the password.`,
  });
}

async function readText(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read ${setting}: ${reason}`, { cause: error });
  }
}
