/** Finds and reads the app file from the disk, for `plan` and `deploy`. Warnings go to standard error; mistakes all at once. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadAppFile } from '../compose/load-app-file.ts';
import type { BuildSpec } from '../compose/keys/build.ts';
import type { AppSpec } from '../fleet/app-spec.ts';
import type { ProblemDetail } from '../fleet/errors.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import { isAppName } from '../fleet/ids.ts';
import { APP_FILES, type ComposeFiles, composeFiles } from './compose-files.ts';
import type { Context } from './context.ts';

export interface AppFileOptions {
  readonly file?: readonly string[];
  readonly project?: string;
  readonly profile?: readonly string[];
  readonly envFile?: readonly string[];
}

export interface LoadedApp {
  readonly spec: AppSpec;
  readonly builds: readonly BuildSpec[];
}

/** @throws APP_FILE_INVALID with every mistake, NOT_FOUND when there is no file */
export function readAppFile(context: Context, options: AppFileOptions): LoadedApp {
  if (options.project !== undefined && !isAppName(options.project))
    throw new LongshoreError('INPUT_INVALID', `read --project: \`${options.project}\` is not an app name`, {
      hint: 'Lower-case letters, digits, - and _; at most 40.',
    });
  const { files, environment } = filesOf(context, options);
  const loaded = loadAppFile({
    files,
    readFile: (path) => readIfThere(resolve(context.folder, path)),
    environment,
    ...(options.project === undefined ? {} : { projectName: options.project }),
    ...(options.profile === undefined ? {} : { profiles: options.profile }),
    ...(options.envFile === undefined
      ? {}
      : { envFiles: options.envFile.map((file) => resolve(context.folder, file)) }),
  });
  for (const warning of loaded.warnings) context.terminal.err(`warning: ${shorten(context, detailText(warning))}`);
  if (loaded.ok) return loaded;
  const details = loaded.problem.details.map((detail) => ({
    ...detail,
    path: shorten(context, detail.path),
    message: shorten(context, detail.message),
  }));
  throw new LongshoreError(loaded.problem.code, shorten(context, loaded.problem.message), {
    hint: loaded.problem.hint,
    details,
  });
}

function filesOf(context: Context, options: AppFileOptions): ComposeFiles {
  const found = composeFiles({
    folder: context.folder,
    named: options.file ?? [],
    environment: definedOnly(context.environment),
    envFiles: options.envFile,
  });
  const { files, namedBy } = found;
  if (files.length === 0)
    throw new LongshoreError('NOT_FOUND', `read the app file: there is no ${APP_FILES[0]} in ${context.folder}`, {
      hint: 'Name it with -f, or write one with `longshore init`.',
    });
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new LongshoreError(
      'NOT_FOUND',
      `read the app file: there is no ${missing.map((file) => shorten(context, file)).join(', ')}`,
      { hint: namedBy === 'COMPOSE_FILE' ? 'Check the paths in COMPOSE_FILE.' : 'Check the path after -f.' },
    );
  const folders = files.filter((file) => statSync(file).isDirectory());
  if (folders.length > 0)
    throw new LongshoreError(
      'INPUT_INVALID',
      `read the app file: ${folders.map((file) => shorten(context, file)).join(', ')} is a folder`,
      {
        hint: `Name the file in it after -f, for example -f ${shorten(context, join(folders[0] ?? '', APP_FILES[0]))}.`,
      },
    );
  return found;
}

function readIfThere(path: string): { readonly text: string } | null {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'ENOTDIR')
    )
      return null;
    throw new LongshoreError('APP_FILE_INVALID', `read ${path}: ${fileFault(error)}`, {
      hint: 'Check its permissions.',
      cause: error,
    });
  }
}

function definedOnly(environment: Context['environment']): Readonly<Record<string, string>> {
  const defined: Record<string, string> = {};
  for (const [key, value] of Object.entries(environment)) if (value !== undefined) defined[key] = value;
  return defined;
}

/** Paths below the folder one stands in are shown as one would type them. */
function shorten(context: Context, text: string): string {
  return text.replaceAll(`${context.folder}/`, '');
}

function detailText(detail: ProblemDetail): string {
  return `${detail.path}${detail.line === null ? '' : ` (line ${detail.line}, column ${detail.column ?? 1})`}: ${detail.message}`;
}
