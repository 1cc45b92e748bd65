/** Which files make the app: those after -f, those of COMPOSE_FILE, or the default name with its override, as in Compose. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnvFile } from '../compose/source/env-file.ts';
import { LongshoreError } from '../fleet/errors.ts';

export const APP_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const;

const OVERRIDES = APP_FILES.map((name) => name.replace(/\.(ya?ml)$/, '.override.$1'));

type Environment = Readonly<Record<string, string>>;

export interface ComposeFiles {
  /** Absolute, in the order in which they merge; none where there is no app file. */
  readonly files: readonly string[];
  /** Who names them, for a message: `-f`, `COMPOSE_FILE`; null for the default names. */
  readonly namedBy: '-f' | 'COMPOSE_FILE' | null;
  /** With what `.env` of the folder adds where the files lie in another one. */
  readonly environment: Environment;
}

export interface WhereToLook {
  readonly folder: string;
  /** After -f. */
  readonly named: readonly string[];
  readonly environment: Environment;
  /** Instead of `.env` of the folder. */
  readonly envFiles: readonly string[] | undefined;
}

/** @throws INPUT_INVALID where `.env` names files and cannot be read whole */
export function composeFiles(where: WhereToLook): ComposeFiles {
  const { folder, named, environment } = where;
  if (named.length > 0) return { files: named.map((file) => resolve(folder, file)), namedBy: '-f', environment };
  const around = withEnvFiles(where);
  const stated = around.COMPOSE_FILE ?? '';
  if (stated === '') return { files: defaultFiles(folder), namedBy: null, environment };
  const separator = around.COMPOSE_PATH_SEPARATOR ?? '';
  const files = stated
    .split(separator === '' ? ':' : separator)
    .filter((file) => file !== '')
    .map((file) => resolve(folder, file));
  const isElsewhere = files[0] !== undefined && dirname(files[0]) !== folder;
  return { files, namedBy: 'COMPOSE_FILE', environment: isElsewhere ? around : environment };
}

function defaultFiles(folder: string): readonly string[] {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => join(folder, name)).find((path) => existsSync(path));
  const found = first(APP_FILES);
  return [found, found === undefined ? undefined : first(OVERRIDES)].filter((path) => path !== undefined);
}

function withEnvFiles({ folder, environment, envFiles }: WhereToLook): Environment {
  const values: Record<string, string> = {};
  const paths = envFiles?.map((file) => resolve(folder, file)) ?? [join(folder, '.env')];
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const outside = (name: string): string | undefined => environment[name] ?? values[name];
    const parsed = parseEnvFile(readFileSync(path, 'utf8'), { outside });
    const [problem] = parsed.problems;
    if (problem !== undefined && parsed.values.has('COMPOSE_FILE'))
      throw new LongshoreError('INPUT_INVALID', `read ${path}: line ${problem.line}: ${problem.message}`, {
        hint: 'Fix the line and run it again.',
      });
    Object.assign(values, Object.fromEntries(parsed.values));
  }
  return { ...values, ...environment };
}
