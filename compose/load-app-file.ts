/**
 * compose.yaml to a resolved app: read, interpolate, extend and merge the files, read every key, check the rules.
 * Pure: files come through `readFile`, variables through `environment`. All problems come in one answer.
 */
import type { AppSpec } from '../fleet/app-spec.ts';
import { type Problem, problem, type ProblemDetail } from '../fleet/errors.ts';
import type { AppName } from '../fleet/ids.ts';
import type { BuildSpec } from './keys/build.ts';
import type { Surroundings } from './keys/surroundings.ts';
import { toFilePath } from './file-path.ts';
import { projectName } from './project-name.ts';
import { readApp } from './read-app.ts';
import { parseEnvFile } from './source/env-file.ts';
import { createEnvFiles } from './source/env-files.ts';
import { withExtends } from './source/extends.ts';
import { createFileLoader, type FileLoader, type ReadFile } from './source/file-loader.ts';
import type { Lookup } from './source/interpolate.ts';
import { locate } from './source/locate.ts';
import { mergeTrees, withoutResets } from './source/merge.ts';
import { nodeCount } from './source/node-count.ts';
import { folderOf, joinPath } from './source/paths.ts';
import { createReport, type Path, renderPath, type Report } from './source/report.ts';
import { childOf, type Position, type Tree } from './source/tree.ts';
import { MAX_NODES } from './source/yaml-tree.ts';
import { appFindings } from './validate-app-spec.ts';

export interface LoadAppFileOptions {
  /** In the order of -f; the first one's folder is what relative paths are relative to. */
  readonly files: readonly string[];
  readonly readFile: ReadFile;
  readonly environment: Readonly<Record<string, string>>;
  readonly projectName?: string;
  readonly profiles?: readonly string[];
  /** Instead of `.env` beside the first file. */
  readonly envFiles?: readonly string[];
}

export type LoadedAppFile =
  | {
      readonly ok: true;
      readonly spec: AppSpec;
      readonly builds: readonly BuildSpec[];
      readonly warnings: readonly ProblemDetail[];
    }
  | { readonly ok: false; readonly problem: Problem; readonly warnings: readonly ProblemDetail[] };

export function loadAppFile(options: LoadAppFileOptions): LoadedAppFile {
  const report = createReport();
  const found = readAll(options, report);
  const errors = report.errors();
  if (found === null || errors.length > 0) {
    const count = errors.length === 1 ? '1 mistake' : `${errors.length} mistakes`;
    const message = `read the app file ${options.files.join(', ')}: ${count}`;
    return {
      ok: false,
      problem: problem('APP_FILE_INVALID', message, { details: errors }),
      warnings: report.warnings(),
    };
  }
  return { ok: true, ...found, warnings: report.warnings() };
}

interface Found {
  readonly spec: AppSpec;
  readonly builds: readonly BuildSpec[];
}

function readAll(options: LoadAppFileOptions, report: Report): Found | null {
  const firstFile = options.files[0];
  if (firstFile === undefined) {
    report.error(null, [], 'no app file is named');
    return null;
  }
  const base = folderOf(firstFile);
  const given = variables(options, base, report);
  const lookup = withProjectName(given, options, base, firstFile);
  const loader = createFileLoader(options.readFile, lookup, report);
  const merged = mergeFiles(options.files, base, loader, report);
  if (merged === null) return null;
  const around: Surroundings = { lookup, envFiles: createEnvFiles(loader.text, lookup), readText: loader.text };
  const root = { tree: merged, path: [], keyAt: merged.at, report };
  const app = readApp(root, around, options.profiles ?? activeProfiles(lookup));
  const name = projectName({ said: options.projectName, lookup: given, stated: app.name, firstFile });
  if (name === null)
    report.error(merged.at, ['name'], 'the app has no name; write "name: my-app" at the top of the file');
  const spec: AppSpec = { name: (name ?? 'unnamed') as AppName, ...app.spec };
  const said = report.errors();
  for (const found of appFindings(spec)) {
    if (report.isFull()) {
      report.error(merged.at, found.path, found.message);
      continue;
    }
    const path = toFilePath(merged, found.path);
    const at = locate(merged, path);
    // What was wrong already when it was read need not be said again by a rule.
    if (!said.some((one) => isAbout(one, at, path))) report.error(at, path, found.message);
  }
  return { spec, builds: app.builds };
}

function isAbout(detail: ProblemDetail, at: Position, path: Path): boolean {
  if (detail.line === at.line && detail.column === at.column) return true;
  return detail.path.startsWith(`${at.file}: ${renderPath(path)}`);
}

function mergeFiles(files: readonly string[], base: string, loader: FileLoader, report: Report): Tree | null {
  let merged: Tree | null = null;
  for (const [index, path] of files.entries()) {
    const tree = loader.yaml(path, base, null, index > 0);
    if (tree === null) continue;
    const extended = withExtends(tree, loader, report);
    merged = merged === null ? extended : mergeTrees(merged, extended);
  }
  // A file that could not be read leaves nothing to say about the rest.
  if (merged === null || (report.errors().length > 0 && childOf(merged, 'services') === undefined)) return null;
  const count = nodeCount(merged);
  if (count > MAX_NODES) {
    const message = `aliases and "extends" make this stand for ${count} values; at most ${MAX_NODES} are read`;
    report.error(merged.at, [], message);
    return null;
  }
  return withoutResets(merged);
}

function activeProfiles(lookup: Lookup): readonly string[] {
  return (lookup('COMPOSE_PROFILES') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** `${COMPOSE_PROJECT_NAME}` is the app's name also where only `name:` or the folder says it, as in Compose. */
function withProjectName(lookup: Lookup, options: LoadAppFileOptions, base: string, firstFile: string): Lookup {
  let name: string | null | undefined;
  const find = (): string | null => {
    // What is wrong in the files is reported when they are read as a whole; `name:` cannot name itself.
    const loader = createFileLoader(options.readFile, lookup, createReport());
    const names = options.files.map((path) => childOf(loader.yaml(path, base, null, true) ?? undefined, 'name'));
    const last = names.findLast((tree) => tree?.kind === 'scalar' && tree.text !== '');
    const stated = last?.kind === 'scalar' ? last.text : null;
    return projectName({ said: options.projectName, lookup, stated, firstFile });
  };
  return (variable) => {
    if (variable !== 'COMPOSE_PROJECT_NAME') return lookup(variable);
    name = name === undefined ? find() : name;
    return name ?? undefined;
  };
}

/** The caller's environment wins over `.env`, as in Compose. */
function variables(options: LoadAppFileOptions, base: string, report: Report): Lookup {
  const outside: Lookup = (name) => (Object.hasOwn(options.environment, name) ? options.environment[name] : undefined);
  const values = new Map<string, string>();
  for (const path of options.envFiles ?? [joinPath(base, '.env')]) {
    const file = options.readFile(path);
    const at = { file: path, base, line: 1, column: 1 };
    if (file === null) {
      if (options.envFiles !== undefined) report.error(at, [], `there is no file ${path}`);
      continue;
    }
    const parsed = parseEnvFile(file.text, { outside: (name) => outside(name) ?? values.get(name) });
    for (const [name, value] of parsed.values) values.set(name, value);
    for (const found of parsed.problems)
      report.error(
        { ...at, line: found.line, column: found.column },
        found.name === null ? [] : [found.name],
        found.message,
      );
  }
  return (name) => outside(name) ?? values.get(name);
}
