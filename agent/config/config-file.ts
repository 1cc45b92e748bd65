/**
 * The agent's configuration file, YAML or JSON (which YAML contains), as raw settings with the place of each. What is
 * wrong with its text is a list of problems, never an exception.
 */
import type { ProblemDetail } from '../../fleet/errors.ts';
import { isRecord, type RawConfig } from './settings.ts';

export interface ConfigFile {
  readonly raw: RawConfig;
  readonly problems: readonly ProblemDetail[];
  /** 1-based place of a setting, or of the nearest setting around it. */
  readonly placeOf: (path: readonly PropertyKey[]) => { readonly line: number; readonly column: number } | null;
}

/** The YAML library is loaded here and not at the top: an agent that is configured by variables never needs it. */
export async function parseConfigFile(text: string): Promise<ConfigFile> {
  const { LineCounter, isNode, isMap, isScalar, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems: ProblemDetail[] = document.errors.map((error) => ({
    path: '',
    message: error.code === 'TAB_AS_INDENT' ? 'a tab cannot indent YAML: use spaces' : error.message,
    ...place(error.pos[0]),
  }));
  let value: unknown = {};
  if (problems.length === 0) {
    try {
      // A file of comments alone is an empty configuration.
      value = document.toJS({ maxAliasCount: 20 }) ?? {};
    } catch (error) {
      problems.push({ path: '', message: error instanceof Error ? error.message : String(error), line: 1, column: 1 });
    }
  }
  if (!isRecord(value)) {
    return {
      raw: {},
      problems: [
        { path: '', message: 'is a list or a single value; settings are `key: value` lines', line: 1, column: 1 },
      ],
      placeOf: () => null,
    };
  }

  const placeOf: ConfigFile['placeOf'] = (path) => {
    let found: number | null = null;
    let node: unknown = document.contents;
    for (const part of path) {
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      if (isNode(pair.key) && pair.key.range) found = pair.key.range[0];
      node = pair.value;
    }
    return found === null ? null : place(found);
  };
  return { raw: value, problems, placeOf };
}
