/** `volumes` of a service (short and long) and `tmpfs`. */
import type { MountSpec } from '../../fleet/app-spec.ts';
import { normalizePath } from '../source/paths.ts';
import { parseSize } from '../values/sizes.ts';
import { parseVolumeText } from '../values/volume-text.ts';
import { fields, ignored, type KeyTable, later, notDone } from './key-table.ts';
import {
  choice,
  type Cursor,
  describe,
  fail,
  items,
  itemsOrOne,
  readBoolean,
  readFileMode,
  readFilledText,
  readIf,
  readOr,
  readSize,
} from './read.ts';

export const MOUNT_KEYS = {
  type: 'read',
  source: 'read',
  target: 'read',
  read_only: 'read',
  bind: 'read',
  volume: 'read',
  tmpfs: 'read',
  consistency: ignored('it was for Docker Desktop and does nothing on Linux'),
  image: later(),
} satisfies KeyTable;

export const MOUNT_BIND_KEYS = {
  create_host_path: 'read',
  propagation: later(),
  recursive: later(),
  selinux: later(),
} satisfies KeyTable;

export const MOUNT_VOLUME_KEYS = { nocopy: 'read', subpath: later(), labels: later() } satisfies KeyTable;

export const MOUNT_TMPFS_KEYS = { size: 'read', mode: 'read' } satisfies KeyTable;

export function readMounts(cursor: Cursor): readonly MountSpec[] {
  return items(cursor).flatMap((item) => (item.tree.kind === 'map' ? longMount(item) : shortMount(item)) ?? []);
}

/** `tmpfs: /run` or a list, each possibly with `:size=64m,mode=1777`. */
export function readTmpfs(cursor: Cursor): readonly MountSpec[] {
  return itemsOrOne(cursor).flatMap((item) => tmpfsText(item) ?? []);
}

function shortMount(item: Cursor): MountSpec | null {
  const text = readFilledText(item);
  if (text === null) return null;
  const volume = parseVolumeText(text);
  if (volume === null) return fail(item, `takes [SOURCE:]TARGET[:ro|rw]; this is ${describe(item.tree)}`);
  if (volume.source === null) return anonymous(item, volume.target);
  let readOnly = false;
  for (const option of volume.options) {
    if (option === 'ro') readOnly = true;
    else if (!['rw', 'cached', 'delegated', 'consistent'].includes(option))
      return fail(item, notDone(`the mount option ${option}`, 'ro and rw are'));
  }
  if (/^[./~]/.test(volume.source)) return bindMount(item, volume.source, { target: volume.target, readOnly });
  return { kind: 'volume', volume: volume.source, target: normalizePath(volume.target), readOnly };
}

function longMount(item: Cursor): MountSpec | null {
  const given = fields(item, MOUNT_KEYS);
  const kind = readOr(given.type, choice('volume', 'bind', 'tmpfs', 'image', 'npipe', 'cluster'), 'volume');
  const target = readIf(given.target, readFilledText);
  const source = readIf(given.source, readFilledText);
  const readOnly = readOr(given.read_only, readBoolean, false);
  const bind = given.bind === undefined ? {} : fields(given.bind, MOUNT_BIND_KEYS);
  const volume = given.volume === undefined ? {} : fields(given.volume, MOUNT_VOLUME_KEYS);
  if (volume.nocopy !== undefined && readBoolean(volume.nocopy) === true)
    fail(volume.nocopy, notDone('nocopy: true', 'the volume begins with what the image has at the target'));
  const tmpfs = given.tmpfs === undefined ? {} : fields(given.tmpfs, MOUNT_TMPFS_KEYS);
  if (target === null) return given.target === undefined ? fail(item, 'the "target" is missing') : null;
  switch (kind) {
    case 'volume':
      if (source === null) return anonymous(item, target);
      return { kind, volume: source, target: normalizePath(target), readOnly };
    case 'bind':
      if (source === null) return fail(item, 'the "source" of the bind mount is missing');
      return bindMount(item, source, {
        target,
        readOnly,
        createSource: readOr(bind.create_host_path, readBoolean, true),
      });
    case 'tmpfs':
      if (source !== null) return fail(item, 'a tmpfs has no source');
      return {
        kind,
        target: normalizePath(target),
        sizeBytes: readIf(tmpfs.size, readSize),
        mode: readIf(tmpfs.mode, readFileMode),
      };
    case 'image':
    case 'npipe':
    case 'cluster':
      return fail(item, notDone(`mounts of type ${kind}`, 'volume, bind and tmpfs are'));
  }
}

interface BindOptions {
  readonly target: string;
  readonly readOnly: boolean;
  readonly createSource?: boolean;
}

function bindMount(item: Cursor, source: string, options: BindOptions): MountSpec | null {
  if (!source.startsWith('/'))
    return fail(
      item,
      `"${source}" is a path on your machine, and the hosts do not have it; put the files into the image or into ` +
        '"configs", use a named volume, or name an absolute path that the hosts have',
    );
  const { readOnly, createSource = true } = options;
  return { kind: 'bind', source: normalizePath(source), target: normalizePath(options.target), readOnly, createSource };
}

function anonymous(item: Cursor, target: string): null {
  const name = target.split('/').pop() ?? 'data';
  return fail(
    item,
    `a volume without a name would be lost with each new instance; give it one: "${name || 'data'}:${target}"`,
  );
}

function tmpfsText(item: Cursor): MountSpec | null {
  const text = readFilledText(item);
  if (text === null) return null;
  const [target = '', options = '', ...more] = text.split(':');
  if (more.length > 0 || target === '') return fail(item, `takes TARGET[:size=64m,mode=1777]; this is "${text}"`);
  let sizeBytes: number | null = null;
  let mode: number | null = null;
  for (const option of options.split(',').filter((one) => one !== '')) {
    const [name = '', value = ''] = option.split('=');
    if (name === 'size' && parseSize(value) !== null) sizeBytes = parseSize(value);
    else if (name === 'mode' && /^[0-7]{3,4}$/.test(value)) mode = Number.parseInt(value, 8);
    else return fail(item, notDone(`the tmpfs option ${option}`, 'size=64m and mode=1777 are'));
  }
  return { kind: 'tmpfs', target: normalizePath(target), sizeBytes, mode };
}
