/** The configuration file, YAML: its values and the place of each. Mistakes of form are problems, not exceptions. */
import { LineCounter, isMap, isScalar, parseDocument } from 'yaml';
import type { ProblemDetail } from '../../fleet/errors.ts';

export interface ConfigFile {
  readonly path: string;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly problems: readonly ProblemDetail[];
  placeOf(key: string): { readonly line: number; readonly column: number } | null;
}

export function parseConfigFile(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): { readonly line: number; readonly column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems: ProblemDetail[] = document.errors.map((error) => ({
    path,
    message: error.code === 'TAB_AS_INDENT' ? 'a tab cannot indent YAML: use spaces' : error.message,
    ...at(error.pos[0]),
  }));
  // A file of comments alone is an empty configuration.
  const value: unknown = problems.length > 0 ? {} : (document.toJS({ maxAliasCount: 20 }) ?? {});
  if (!isRecord(value)) problems.push({ path, message: 'is not a list of `key: value` lines', line: 1, column: 1 });
  return {
    path,
    raw: isRecord(value) ? value : {},
    problems,
    placeOf: (key) => {
      if (!isMap(document.contents)) return null;
      const pair = document.contents.items.find((item) => isScalar(item.key) && item.key.value === key);
      const range = isScalar(pair?.key) ? pair.key.range : null;
      return range == null ? null : at(range[0]);
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
