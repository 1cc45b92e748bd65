/** Top-level `secrets` (the coordinator's store only) and `secrets` of a service. */
import type { SecretSpec, SecretUse } from '../../fleet/app-spec.ts';
import { isNull } from '../source/tree.ts';
import { fields, ignored, type KeyTable, later } from './key-table.ts';
import { failKey, type Cursor, entries, fail, items, readBoolean, readFilledText, readIf, readOr } from './read.ts';
import { readMountedFile } from './mounted-file.ts';

export const SECRET_KEYS = {
  external: 'read',
  name: 'read',
  file: 'read',
  environment: 'read',
  labels: ignored('secrets of the store have no labels'),
  driver: later(),
  driver_opts: later(),
  template_driver: later(),
} satisfies KeyTable;

export const SECRET_USE_KEYS = {
  source: 'read',
  target: 'read',
  uid: 'read',
  gid: 'read',
  mode: 'read',
} satisfies KeyTable;

export function readSecrets(cursor: Cursor | undefined): Readonly<Record<string, SecretSpec>> {
  if (cursor === undefined) return {};
  return Object.fromEntries(entries(cursor).map(([name, value]) => [name, readSecret(name, value)]));
}

function readSecret(name: string, cursor: Cursor): SecretSpec {
  const given = isNull(cursor.tree) ? {} : fields(cursor, SECRET_KEYS);
  const stated = readIf(given.name, readFilledText);
  const source = given.file ?? given.environment;
  if (source !== undefined)
    failKey(
      source,
      'values of secrets do not travel with the app file; store it with ' +
        `\`longshore secrets set APP ${stated ?? name}\` and write "external: true" here`,
    );
  else if (!readOr(given.external, readBoolean, false))
    failKey(
      cursor,
      `"external: true" is missing: the value comes from \`longshore secrets set APP ${stated ?? name}\``,
    );
  return { name: stated ?? name };
}

export function readSecretUses(cursor: Cursor): readonly SecretUse[] {
  return items(cursor).flatMap((item) => readSecretUse(item) ?? []);
}

function readSecretUse(item: Cursor): SecretUse | null {
  if (item.tree.kind !== 'map') {
    const secret = readFilledText(item);
    if (secret === null) return null;
    return { secret, as: 'file', target: secretPath(secret), uid: null, gid: null, mode: null };
  }
  const given = fields(item, SECRET_USE_KEYS);
  if (given.source === undefined) return fail(item, 'the "source" is missing: the name of a secret');
  const secret = readFilledText(given.source);
  if (secret === null) return null;
  const file = readMountedFile(given);
  return { ...file, secret, as: 'file', target: secretPath(file.target ?? secret) };
}

/** `x-longshore.secrets_env`: `VARIABLE: secret`. */
export function readSecretVariables(cursor: Cursor): readonly SecretUse[] {
  return entries(cursor).flatMap(([variable, value]) => {
    const secret = readFilledText(value);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) failKey(value, `"${variable}" is not a valid name for a variable`);
    if (secret === null) return [];
    return [{ secret, as: 'environment' as const, target: variable, uid: null, gid: null, mode: null }];
  });
}

const secretPath = (name: string): string => (name.startsWith('/') ? name : `/run/secrets/${name}`);
