/** Top-level `volumes`. */
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import { fields, type KeyTable } from './key-table.ts';
import { type Cursor, entries, fail, readBoolean, readFilledText, readIf, readOr } from './read.ts';
import { readTextMap } from './pairs.ts';
import { isNull } from '../source/tree.ts';

export const VOLUME_KEYS = {
  external: 'read',
  name: 'read',
  driver: 'read',
  driver_opts: 'read',
  labels: 'read',
} satisfies KeyTable;

export function readVolumes(cursor: Cursor | undefined): Readonly<Record<string, VolumeSpec>> {
  if (cursor === undefined) return {};
  return Object.fromEntries(entries(cursor).map(([name, value]) => [name, readVolume(name, value)]));
}

function readVolume(name: string, cursor: Cursor): VolumeSpec {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name)) fail(cursor, `"${name}" is not a valid name for a volume`);
  const given = isNull(cursor.tree) ? {} : fields(cursor, VOLUME_KEYS);
  const external = readOr(given.external, readBoolean, false);
  if (external && (given.driver ?? given.driver_opts ?? given.labels) !== undefined)
    fail(cursor, 'an external volume exists already; driver, driver_opts and labels cannot be set');
  const stated = readIf(given.name, readFilledText);
  return {
    external,
    name: stated ?? (external ? name : null),
    driver: readIf(given.driver, readFilledText),
    driverOpts: readOr(given.driver_opts, readTextMap, {}),
    labels: readOr(given.labels, readTextMap, {}),
  };
}
