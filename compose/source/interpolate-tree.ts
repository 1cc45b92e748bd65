/** Interpolates every value of a tree (never the keys), keeping positions and shared subtrees. */
import { interpolate, type Lookup, MAX_EXPANDED_CHARACTERS } from './interpolate.ts';
import type { Path, Report } from './report.ts';
import { type Entry, listTree, mapTree, positionInside, type ScalarTree, type Tree } from './tree.ts';

interface Expansion {
  readonly lookup: Lookup;
  readonly report: Report;
  readonly done: Map<Tree, Tree>;
  charactersLeft: number;
}

export function interpolateTree(tree: Tree, lookup: Lookup, report: Report): Tree {
  return expand(tree, [], { lookup, report, done: new Map(), charactersLeft: MAX_EXPANDED_CHARACTERS });
}

function expand(tree: Tree, path: Path, expansion: Expansion): Tree {
  const known = expansion.done.get(tree);
  if (known !== undefined) return known;
  const expanded = expandOne(tree, path, expansion);
  expansion.done.set(tree, expanded);
  return expanded;
}

function expandOne(tree: Tree, path: Path, expansion: Expansion): Tree {
  if (tree.kind === 'scalar') return expandScalar(tree, path, expansion);
  if (tree.kind === 'list')
    return listTree(
      tree.items.map((item, index) => expand(item, [...path, index], expansion)),
      tree.at,
      tree.tag,
    );
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries)
    entries.set(key, { keyAt: entry.keyAt, value: expand(entry.value, [...path, key], expansion) });
  return mapTree(entries, tree.at, tree.tag);
}

function expandScalar(scalar: ScalarTree, path: Path, expansion: Expansion): ScalarTree {
  if (typeof scalar.value !== 'string' || !scalar.text.includes('$')) return scalar;
  const { text, problems } = interpolate(scalar.text, expansion.lookup, expansion.charactersLeft);
  for (const problem of problems) {
    const inRaw = rawOffset(scalar, problem.offset);
    expansion.report.error(inRaw === null ? scalar.at : positionInside(scalar, inRaw), path, problem.message);
  }
  expansion.charactersLeft -= text.length;
  // Text from a variable stays text: typed again, an empty one would be null, and null takes the caller's environment.
  return { ...scalar, text, value: text };
}

/** The same `$` counted in what stands in the file, where quotes and escapes shift it. */
function rawOffset(scalar: ScalarTree, offset: number): number | null {
  let dollars = 0;
  for (let index = 0; index < offset; index += 1) if (scalar.text[index] === '$') dollars += 1;
  let at = scalar.raw.indexOf('$');
  for (let passed = 0; passed < dollars && at >= 0; passed += 1) at = scalar.raw.indexOf('$', at + 1);
  return at < 0 ? null : at;
}
