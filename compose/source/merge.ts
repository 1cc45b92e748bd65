/** Merges a later tree over an earlier one by Compose's rules (merge-rules.ts), and settles !reset and !override. */
import { type MergeRule, mergeRule } from './merge-rules.ts';
import { type Entry, isNull, listTree, type MapTree, mapTree, scalarTree, type Tree, type ScalarTree } from './tree.ts';

/** `path` is where both stand in the app file: `['services', 'web']`. */
export function mergeTrees(base: Tree, over: Tree, path: readonly string[] = []): Tree {
  if (over.tag === 'override') return over;
  const rule = mergeRule(path);
  if (isNull(over)) return rule?.kind === 'replace' ? over : base;
  const a = normalized(base, rule);
  const b = normalized(over, rule);
  if (rule?.kind === 'replace') return b;
  if (rule?.kind === 'logging' && driverOf(a) !== null && driverOf(b) !== null && driverOf(a) !== driverOf(b)) return b;
  if (a.kind === 'map' && b.kind === 'map') return mergeMaps(a, b, path, rule);
  if (rule?.kind === 'unique') return unique(itemsOf(a), itemsOf(b), rule.key, b);
  if (a.kind === 'list' && b.kind === 'list') return listTree([...a.items, ...b.items], b.at, a.tag);
  return b;
}

function mergeMaps(base: MapTree, over: MapTree, path: readonly string[], rule: MergeRule | null): MapTree {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    if (entry.value.tag === 'reset') entries.delete(key);
    else if (below === undefined) entries.set(key, entry);
    // A name without a value asks for the caller's, whatever the base says.
    else if (rule?.kind === 'pairs' && isNull(entry.value)) entries.set(key, entry);
    else entries.set(key, { keyAt: entry.keyAt, value: mergeTrees(below.value, entry.value, [...path, key]) });
  }
  return mapTree(entries, over.at, base.tag);
}

/** Takes away what is marked !reset; to be done where nothing lies below any more. */
export function withoutResets(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'list') return listTree(tree.items.filter(isKept).map(withoutResets), tree.at, tree.tag);
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries)
    if (isKept(entry.value)) entries.set(key, { keyAt: entry.keyAt, value: withoutResets(entry.value) });
  return mapTree(entries, tree.at, tree.tag);
}

const isKept = (tree: Tree): boolean => tree.tag !== 'reset';

function unique(base: readonly Tree[], over: readonly Tree[], key: (item: Tree) => string | null, at: Tree): Tree {
  const items: Tree[] = [];
  const places = new Map<string, number>();
  for (const item of [...base, ...over]) {
    const id = key(item);
    const place = id === null ? undefined : places.get(id);
    if (place !== undefined) items[place] = item;
    else {
      if (id !== null) places.set(id, items.length);
      items.push(item);
    }
  }
  return listTree(items, at.at);
}

function itemsOf(tree: Tree): readonly Tree[] {
  if (tree.kind === 'list') return tree.items;
  return isNull(tree) ? [] : [tree];
}

function normalized(tree: Tree, rule: MergeRule | null): Tree {
  if (rule?.kind === 'build' && tree.kind === 'scalar' && !isNull(tree))
    return mapTree(new Map([['context', { keyAt: tree.at, value: tree }]]), tree.at, tree.tag);
  if (rule?.kind === 'unique' && rule.pairs === true && tree.kind === 'map') return mapToPairs(tree);
  if (tree.kind !== 'list') return tree;
  if (rule?.kind === 'pairs') return pairsToMap(tree.items, tree);
  if (rule?.kind === 'names') return namesToMap(tree.items, tree, rule.defaults);
  return tree;
}

/** Lists with an item that is no text stay as they are; the reader says what is wrong with them. */
function pairsToMap(items: readonly Tree[], list: Tree): Tree {
  const entries = new Map<string, Entry>();
  for (const item of items) {
    if (item.kind !== 'scalar') return list;
    const equals = item.text.indexOf('=');
    const key = equals < 0 ? item.text : item.text.slice(0, equals);
    const value = equals < 0 ? scalarTree('', item.at, true) : scalarTree(item.text.slice(equals + 1), item.at);
    entries.set(key, { keyAt: item.at, value: withProblemsOf(item, value) });
  }
  return mapTree(entries, list.at, list.tag);
}

/** `{name: address}` as `name=address`. */
function mapToPairs(map: MapTree): Tree {
  const items: Tree[] = [];
  for (const [key, { value }] of map.entries)
    for (const one of value.kind === 'list' ? value.items : [value]) {
      if (one.kind !== 'scalar') return map;
      items.push(withProblemsOf(one, scalarTree(`${key}=${one.text}`, one.at)));
    }
  return listTree(items, map.at, map.tag);
}

const withProblemsOf = (from: ScalarTree, to: ScalarTree): ScalarTree =>
  from.problems === undefined ? to : { ...to, problems: from.problems };

function namesToMap(items: readonly Tree[], list: Tree, defaults: Readonly<Record<string, string>> = {}): Tree {
  const entries = new Map<string, Entry>();
  for (const item of items) {
    if (item.kind !== 'scalar') return list;
    const stated = Object.entries(defaults).map(
      ([key, text]) => [key, { keyAt: item.at, value: scalarTree(text, item.at, true) }] as const,
    );
    const value =
      stated.length > 0 ? mapTree(new Map(stated), item.at) : withProblemsOf(item, scalarTree('', item.at, true));
    entries.set(item.text, { keyAt: item.at, value });
  }
  return mapTree(entries, list.at, list.tag);
}

function driverOf(tree: Tree): string | null {
  if (tree.kind !== 'map') return null;
  const driver = tree.entries.get('driver')?.value;
  return driver?.kind === 'scalar' ? driver.text : null;
}
