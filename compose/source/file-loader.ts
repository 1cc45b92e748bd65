/** Reads the files that an app file names, each at most once, and turns YAML ones into interpolated trees. */
import { interpolateTree } from './interpolate-tree.ts';
import type { Lookup } from './interpolate.ts';
import type { Path, Report } from './report.ts';
import type { MapTree, Position } from './tree.ts';
import { parseYaml } from './yaml-source.ts';

/** Null = there is no such file. */
export type ReadFile = (path: string) => { readonly text: string } | null;

export interface FileLoader {
  /** Null where it cannot be used; the reason is in the report, at `from` where the file is missing. */
  readonly yaml: (path: string, base: string, from: Origin | null, mayBeEmpty?: boolean) => MapTree | null;
  readonly text: (path: string) => string | null;
}

/** The place that names a file. */
export interface Origin {
  readonly at: Position;
  readonly path: Path;
}

export function createFileLoader(readFile: ReadFile, lookup: Lookup, report: Report): FileLoader {
  const trees = new Map<string, MapTree | null>();
  const load = (path: string, base: string, from: Origin | null, mayBeEmpty: boolean): MapTree | null => {
    const file = readFile(path);
    if (file === null) {
      const at = from?.at ?? { file: path, base, line: 1, column: 1 };
      report.error(at, from?.path ?? [], `there is no file ${path}`);
      return null;
    }
    const tree = parseYaml({ file: path, base, text: file.text, mayBeEmpty }, report);
    if (tree === null) return null;
    if (tree.kind !== 'map') {
      report.error(tree.at, [], 'an app file is a map with the key "services"');
      return null;
    }
    const expanded = interpolateTree(tree, lookup);
    return expanded.kind === 'map' ? expanded : null;
  };
  return {
    yaml: (path, base, from, mayBeEmpty = false) => {
      const key = `${base}\n${path}`;
      const known = trees.get(key);
      if (known !== undefined) return known;
      const tree = load(path, base, from, mayBeEmpty);
      trees.set(key, tree);
      return tree;
    },
    text: (path) => readFile(path)?.text ?? null,
  };
}
