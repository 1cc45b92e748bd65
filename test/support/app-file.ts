/** Loads app files from memory; the first file is `compose.yaml` unless said otherwise. */
import { loadAppFile, type LoadAppFileOptions, type LoadedAppFile } from '../../compose/load-app-file.ts';
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';

export type MoreOptions = Partial<LoadAppFileOptions> & {
  readonly more?: Readonly<Record<string, string>>;
};

export function loadText(text: string, options: MoreOptions = {}): LoadedAppFile {
  const { more = {}, ...rest } = options;
  const files = new Map(Object.entries({ 'compose.yaml': text, ...more }));
  return loadAppFile({
    files: ['compose.yaml'],
    environment: {},
    projectName: 'app',
    readFile: (path) => {
      const found = files.get(path);
      return found === undefined ? null : { text: found };
    },
    ...rest,
  });
}

export function specOf(text: string, options: MoreOptions = {}): AppSpec {
  const loaded = loadText(text, options);
  if (!loaded.ok) throw new Error(loaded.problem.details.map((one) => `${one.path}: ${one.message}`).join('\n'));
  return loaded.spec;
}

/** The service `web` of a file that has only it: `lines` are its keys. */
export function webOf(lines: string, options: MoreOptions = {}): ServiceSpec {
  const found = specOf(webFile(lines), options).services.web;
  if (found === undefined) throw new Error('there is no service web');
  return found;
}

/** `lines` begin at line 4, column 5. */
export function webFile(lines: string, rest = ''): string {
  const indented = lines
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `services:\n  web:\n    image: r/web:1\n${indented}\n${rest}`;
}

export function mistakesOf(text: string, options: MoreOptions = {}): readonly ProblemDetail[] {
  const loaded = loadText(text, options);
  return loaded.ok ? [] : loaded.problem.details;
}

/** `PATH LINE:COLUMN MESSAGE`, without the file's name. */
export function shown(details: readonly ProblemDetail[]): readonly string[] {
  return details.map(
    (one) => `${one.path.replace(/^compose\.yaml(?:: )?/, '')} ${one.line ?? 0}:${one.column ?? 0} ${one.message}`,
  );
}
