/**
 * Interpolates every value of a tree (never the keys), keeping positions and shared subtrees. A variable that is not set
 * is reported once it is known that the value counts: an override or an inactive profile may leave it out.
 */
import { interpolate, type Lookup, MAX_EXPANDED_CHARACTERS } from './interpolate.ts';
import type { Path, Report } from './report.ts';
import { type Entry, listTree, mapTree, positionInside, type ScalarTree, type Tree } from './tree.ts';

interface Expansion {
  readonly lookup: Lookup;
  readonly done: Map<Tree, Tree>;
  charactersLeft: number;
}

export function interpolateTree(tree: Tree, lookup: Lookup): Tree {
  return expand(tree, { lookup, done: new Map(), charactersLeft: MAX_EXPANDED_CHARACTERS });
}

function expand(tree: Tree, expansion: Expansion): Tree {
  const known = expansion.done.get(tree);
  if (known !== undefined) return known;
  const expanded = expandOne(tree, expansion);
  expansion.done.set(tree, expanded);
  return expanded;
}

function expandOne(tree: Tree, expansion: Expansion): Tree {
  if (tree.kind === 'scalar') return expandScalar(tree, expansion);
  if (tree.kind === 'list')
    return listTree(
      tree.items.map((item) => expand(item, expansion)),
      tree.at,
      tree.tag,
    );
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries)
    entries.set(key, { keyAt: entry.keyAt, value: expand(entry.value, expansion) });
  return mapTree(entries, tree.at, tree.tag);
}

function expandScalar(scalar: ScalarTree, expansion: Expansion): ScalarTree {
  if (typeof scalar.value !== 'string' || !scalar.text.includes('$')) return scalar;
  const { text, problems } = interpolate(scalar.text, expansion.lookup, expansion.charactersLeft);
  expansion.charactersLeft -= text.length;
  // Text from a variable stays text: typed again, an empty one would be null, and null takes the caller's environment.
  if (problems.length === 0) return { ...scalar, text, value: text };
  const placed = problems.map(({ offset, message }) => {
    const inRaw = rawOffset(scalar, offset);
    return { at: inRaw === null ? scalar.at : positionInside(scalar, inRaw), message };
  });
  return { ...scalar, text, value: text, problems: placed };
}

/** The same `$` counted in what stands in the file, where quotes and escapes shift it. */
function rawOffset(scalar: ScalarTree, offset: number): number | null {
  let dollars = 0;
  for (let index = 0; index < offset; index += 1) if (scalar.text[index] === '$') dollars += 1;
  let at = scalar.raw.indexOf('$');
  for (let passed = 0; passed < dollars && at >= 0; passed += 1) at = scalar.raw.indexOf('$', at + 1);
  return at < 0 ? null : at;
}

/** Says what is wrong with the variables of a tree, each once, however often the value is shared. */
export function reportVariables(tree: Tree, path: Path, report: Report, seen = new Set<Tree>()): void {
  if (seen.has(tree)) return;
  seen.add(tree);
  if (tree.kind === 'scalar') for (const { at, message } of tree.problems ?? []) report.error(at, path, message);
  if (tree.kind === 'list') tree.items.forEach((item, index) => reportVariables(item, [...path, index], report, seen));
  if (tree.kind === 'map')
    for (const [key, { value }] of tree.entries) reportVariables(value, [...path, key], report, seen);
}
