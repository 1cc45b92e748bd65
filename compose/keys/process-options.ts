/** Options of the container's process that Docker takes nearly as they are: ulimits, sysctls, hosts, devices, logging. */
import type { LoggingSpec, UlimitSpec } from '../../fleet/app-spec.ts';
import { fields, type KeyTable } from './key-table.ts';
import { readTextMap } from './pairs.ts';
import {
  type Cursor,
  describe,
  entries,
  fail,
  failKey,
  integerIn,
  items,
  itemsOrOne,
  readFilledText,
  readIf,
  readText,
  readTextIfFilled,
  readTextsOrOne,
} from './read.ts';
import { notDone } from './key-table.ts';

export const LOGGING_KEYS = { driver: 'read', options: 'read' } satisfies KeyTable;
export const ULIMIT_KEYS = { soft: 'read', hard: 'read' } satisfies KeyTable;
export const DEVICE_KEYS = { source: 'read', target: 'read', permissions: 'read' } satisfies KeyTable;

/** -1 = without limit. */
const readLimit = integerIn(-1, Number.MAX_SAFE_INTEGER);

export function readUlimits(cursor: Cursor): readonly UlimitSpec[] {
  return entries(cursor).flatMap(([name, value]) => {
    if (value.tree.kind !== 'map') {
      const limit = readLimit(value);
      return limit === null ? [] : [{ name, soft: limit, hard: limit }];
    }
    const given = fields(value, ULIMIT_KEYS);
    const soft = readIf(given.soft, readLimit);
    const hard = readIf(given.hard, readLimit);
    if (soft === null || hard === null) {
      if (given.soft === undefined || given.hard === undefined) failKey(value, 'takes both "soft" and "hard"');
      return [];
    }
    return [{ name, soft, hard }];
  });
}

export function readLogging(cursor: Cursor): LoggingSpec | null {
  const given = fields(cursor, LOGGING_KEYS);
  if (given.driver === undefined)
    return failKey(
      cursor,
      'the "driver" is missing: which options exist depends on it (for example local or json-file)',
    );
  const driver = readFilledText(given.driver);
  return driver === null ? null : { driver, options: given.options === undefined ? {} : readTextMap(given.options) };
}

/** `name:address` or `name=address`, or a map; Docker takes the first form. */
export function readExtraHosts(cursor: Cursor): readonly string[] {
  if (cursor.tree.kind === 'map')
    return entries(cursor).flatMap(([name, value]) => readTextsOrOne(value).map((address) => `${name}:${address}`));
  return items(cursor).flatMap((item) => {
    const text = readFilledText(item);
    if (text === null) return [];
    const match = /^([^:=\s]+)[:=](\S+)$/.exec(text);
    if (match !== null) return [`${match[1] ?? ''}:${(match[2] ?? '').replace(/^\[(.*)\]$/, '$1')}`];
    fail(item, `takes NAME:ADDRESS; this is "${text}"`);
    return [];
  });
}

export function readDns(cursor: Cursor): readonly string[] {
  return itemsOrOne(cursor).flatMap((item) => readTextIfFilled(item) ?? []);
}

export function readDevices(cursor: Cursor): readonly string[] {
  return items(cursor).flatMap((item) => {
    if (item.tree.kind === 'scalar') return readFilledText(item) ?? [];
    const given = fields(item, DEVICE_KEYS);
    const source = readIf(given.source, readFilledText);
    if (source === null) {
      fail(item, 'the "source" is missing');
      return [];
    }
    const target = readIf(given.target, readFilledText) ?? source;
    return `${source}:${target}:${readIf(given.permissions, readFilledText) ?? 'rwm'}`;
  });
}

/** `pid: host`, `ipc: shareable`; the namespace of another container is not done. */
export function namespaceMode(...allowed: readonly string[]): (cursor: Cursor) => string | null {
  return (cursor) => {
    const text = readText(cursor);
    if (text === null || allowed.includes(text)) return text;
    return fail(cursor, notDone(describe(cursor.tree), `${allowed.join(', ')} ${allowed.length > 1 ? 'are' : 'is'}`));
  };
}
