/** `environment` over `env_file`, later files over earlier ones. */
import { joinPath } from '../source/paths.ts';
import { fields, type KeyTable } from './key-table.ts';
import { readPairs } from './pairs.ts';
import { choice, type Cursor, fail, failKey, itemsOrOne, readBoolean, readFilledText, readOr, warn } from './read.ts';
import type { Surroundings } from './surroundings.ts';

export const ENV_FILE_KEYS = { path: 'read', required: 'read', format: 'read' } satisfies KeyTable;

export function readEnvironment(
  environment: Cursor | undefined,
  files: Cursor | undefined,
  around: Surroundings,
): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const file of files === undefined ? [] : itemsOrOne(files))
    for (const [name, value] of readOneFile(file, around)) values.set(name, value);
  for (const pair of environment === undefined ? [] : readPairs(environment)) {
    const value = pair.value ?? around.lookup(pair.name);
    if (pair.name === '' || pair.name.includes('\0')) failKey(pair.cursor, 'the name of a variable is missing');
    else if (value !== undefined) values.set(pair.name, value);
    else {
      warn(pair.cursor, `${pair.name} has no value here and none in your environment; the container does not get it`);
      values.delete(pair.name);
    }
  }
  return Object.fromEntries(values);
}

function readOneFile(cursor: Cursor, around: Surroundings): ReadonlyMap<string, string> {
  const given = cursor.tree.kind === 'map' ? fields(cursor, ENV_FILE_KEYS) : { path: cursor };
  const none = new Map<string, string>();
  if (given.path === undefined) {
    fail(cursor, 'the "path" is missing');
    return none;
  }
  const name = readFilledText(given.path);
  const required = readOr('required' in given ? given.required : undefined, readBoolean, true);
  const format = readOr('format' in given ? given.format : undefined, choice('raw'), null);
  if (name === null) return none;
  const path = joinPath(given.path.tree.at.base, name);
  const file = around.envFiles.read(path, format === null ? 'env' : 'raw');
  if (file === null) {
    if (required) fail(given.path, `there is no file ${path}; "required: false" where it may be missing`);
    return none;
  }
  for (const problem of file.problems) {
    const at = { file: path, base: '.', line: problem.line, column: problem.column };
    cursor.report.error(at, problem.name === null ? [] : [problem.name], problem.message);
  }
  return file.values;
}
