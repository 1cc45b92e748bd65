/** The files of `env_file`: each parsed once, however many services name it, and bounded in what they give together. */
import { type EnvFile, type EnvFileOptions, parseEnvFile } from './env-file.ts';
import type { Lookup } from './interpolate.ts';

/** Characters of names and values that all services of an app take from files together; a release carries them all. */
export const MAX_ENV_CHARACTERS = 1024 * 1024;

export interface EnvFiles {
  /** Null where there is no such file; with a problem where the app has too much already. */
  readonly read: (path: string, format: EnvFileOptions['format']) => EnvFile | null;
}

interface Parsed {
  readonly file: EnvFile;
  readonly characters: number;
}

export function createEnvFiles(readText: (path: string) => string | null, outside: Lookup): EnvFiles {
  const files = new Map<string, Parsed | null>();
  let charactersLeft = MAX_ENV_CHARACTERS;
  const parsed = (path: string, format: EnvFileOptions['format']): Parsed | null => {
    const key = `${format ?? 'env'} ${path}`;
    const known = files.get(key);
    if (known !== undefined) return known;
    const text = readText(path);
    const found = text === null ? null : sized(parseEnvFile(text, { outside, format: format ?? 'env' }));
    files.set(key, found);
    return found;
  };
  return {
    read: (path, format) => {
      const found = parsed(path, format);
      if (found === null) return null;
      charactersLeft -= found.characters;
      if (charactersLeft >= 0) return found.file;
      const message = `the env files of all services give more than ${MAX_ENV_CHARACTERS} characters together`;
      return { values: new Map(), problems: [{ line: 1, column: 1, name: null, message }] };
    },
  };
}

function sized(file: EnvFile): Parsed {
  let characters = 0;
  if (file.problems.length > 0) return { file, characters };
  for (const [name, value] of file.values) characters += name.length + value.length;
  return { file, characters };
}
