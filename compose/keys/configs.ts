/** Top-level `configs` (their content goes into the release) and `configs` of a service. */
import type { ConfigSpec, ConfigUse } from '../../fleet/app-spec.ts';
import { joinPath } from '../source/paths.ts';
import { fields, ignored, type KeyTable, later } from './key-table.ts';
import { readMountedFile } from './mounted-file.ts';
import { type Cursor, entries, fail, failKey, items, readFilledText, readIf, readText } from './read.ts';
import type { Surroundings } from './surroundings.ts';

/** Characters in one config; a release carries them all. */
export const MAX_CONFIG_CHARACTERS = 256 * 1024;

export const CONFIG_KEYS = {
  file: 'read',
  content: 'read',
  environment: 'read',
  external: later('give its content by "file" or "content"'),
  name: ignored('configs belong to the app; their name on the engine is ours'),
  labels: ignored('configs of a release have no labels'),
  template_driver: later(),
} satisfies KeyTable;

export const CONFIG_USE_KEYS = {
  source: 'read',
  target: 'read',
  uid: 'read',
  gid: 'read',
  mode: 'read',
} satisfies KeyTable;

export function readConfigs(cursor: Cursor | undefined, around: Surroundings): Readonly<Record<string, ConfigSpec>> {
  if (cursor === undefined) return {};
  return Object.fromEntries(entries(cursor).map(([name, value]) => [name, readConfig(value, around)]));
}

function readConfig(cursor: Cursor, around: Surroundings): ConfigSpec {
  const given = fields(cursor, CONFIG_KEYS);
  const sources = [given.file, given.content, given.environment].filter((one) => one !== undefined);
  if (sources.length !== 1) fail(cursor, 'takes exactly one of "file", "content" and "environment"');
  const content =
    readIf(given.content, readText) ??
    readIf(given.file, (file) => readContent(file, around)) ??
    readIf(given.environment, (variable) => readVariable(variable, around)) ??
    '';
  if (content.length > MAX_CONFIG_CHARACTERS)
    fail(cursor, `has ${content.length} characters; at most ${MAX_CONFIG_CHARACTERS} travel with a release`);
  return { content };
}

function readContent(cursor: Cursor, around: Surroundings): string | null {
  const name = readFilledText(cursor);
  if (name === null) return null;
  const path = joinPath(cursor.tree.at.base, name);
  const text = around.readText(path);
  if (text === null) return fail(cursor, `there is no file ${path}`);
  return text.includes('\uFFFD') || text.includes('\0') ? fail(cursor, `${path} is not text in UTF-8`) : text;
}

function readVariable(cursor: Cursor, around: Surroundings): string | null {
  const name = readFilledText(cursor);
  if (name === null) return null;
  return around.lookup(name) ?? fail(cursor, `the variable ${name} is not set`);
}

export function readConfigUses(cursor: Cursor): readonly ConfigUse[] {
  return items(cursor).flatMap((item) => readConfigUse(item) ?? []);
}

function readConfigUse(item: Cursor): ConfigUse | null {
  if (item.tree.kind !== 'map') {
    const config = readFilledText(item);
    return config === null ? null : { config, target: configPath(config), uid: null, gid: null, mode: null };
  }
  const given = fields(item, CONFIG_USE_KEYS);
  if (given.source === undefined) return failKey(item, 'the "source" is missing: the name of a config');
  const config = readFilledText(given.source);
  if (config === null) return null;
  const file = readMountedFile(given);
  return { ...file, config, target: configPath(file.target ?? config) };
}

const configPath = (name: string): string => (name.startsWith('/') ? name : `/${name}`);
