/**
 * The library's nodes to our tree: duplicate keys, merge keys (`<<`), aliases and tags are settled here.
 * Each subtree knows how many nodes it stands for with its aliases spelled out; past the limit the file is refused
 * in time proportional to its length (a "billion laughs" file is a few hundred bytes).
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { Path, Report } from './report.ts';
import {
  type Entry,
  listTree,
  mapTree,
  type MergeTag,
  type Position,
  resolvePlain,
  scalarTree,
  type Tree,
} from './tree.ts';

/** Nodes that a file may stand for once its aliases are spelled out. */
export const MAX_NODES = 100_000;

interface Place {
  readonly at: Position;
  readonly path: Path;
}

interface Building {
  readonly text: string;
  readonly positionAt: (offset: number) => Position;
  readonly report: Report;
  /** `building` marks an anchor whose node contains the alias: it would be endless. */
  readonly anchors: Map<string, Tree | 'building'>;
  readonly sizes: Map<Tree, number>;
  /** Entries that merge keys have brought in. */
  mergedEntries: number;
  /** Said once, although every node around the first one is too large as well. */
  tooLarge: boolean;
}

/** Null where anything is wrong; the reasons are in the report. */
export function treeOfDocument(
  contents: Node,
  text: string,
  positionAt: (offset: number) => Position,
  report: Report,
): Tree | null {
  const before = report.errors().length;
  const building: Building = {
    text,
    positionAt,
    report,
    anchors: new Map(),
    sizes: new Map(),
    mergedEntries: 0,
    tooLarge: false,
  };
  const tree = treeOf(contents, [], building);
  if (building.tooLarge) return null;
  return report.errors().length > before ? null : tree;
}

function treeOf(node: unknown, path: Path, building: Building): Tree {
  if (isAlias(node)) return aliasTree(node.source, { at: positionOf(node, building), path }, building);
  const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
  if (anchor !== undefined) building.anchors.set(anchor, 'building');
  const tree = ownTree(node, path, building);
  if (anchor !== undefined) building.anchors.set(anchor, tree);
  return tree;
}

function aliasTree(name: string, { at, path }: Place, building: Building): Tree {
  const target = building.anchors.get(name);
  if (target === undefined) building.report.error(at, path, `the alias *${name} has no anchor &${name} before it`);
  else if (target === 'building') building.report.error(at, path, `the alias *${name} stands inside its own anchor`);
  else return target;
  return sized(scalarTree('', at), 1, building);
}

function ownTree(node: unknown, path: Path, building: Building): Tree {
  if (isMap(node)) return mapOf(node, path, building);
  if (isSeq(node)) {
    const items = node.items.map((item, index) => treeOf(item, [...path, index], building));
    const at = positionOf(node, building);
    return sized(listTree(items, at, tagOf(node, { at, path }, building)), sum(items, building), building);
  }
  if (isScalar(node)) return sized(scalarOf(node, path, building), 1, building);
  return sized(scalarTree('', building.positionAt(0), true), 1, building);
}

function scalarOf(node: Scalar, path: Path, building: Building): Tree {
  const at = positionOf(node, building);
  const tag = tagOf(node, { at, path }, building);
  const raw = node.range ? building.text.slice(node.range[0], node.range[1]) : '';
  const plain = node.type === 'PLAIN' || node.type === undefined;
  const forcedText = node.tag === 'tag:yaml.org,2002:str';
  const text = plain ? (node.source ?? '') : String(node.value);
  const value = plain && !forcedText ? resolvePlain(text) : text;
  return { kind: 'scalar', at, tag, value, text, raw, plain: plain && !forcedText };
}

function mapOf(node: YAMLMap, path: Path, building: Building): Tree {
  const at = positionOf(node, building);
  const entries = new Map<string, Entry>();
  const merged: Entry[] = [];
  const sizes: Tree[] = [];
  for (const pair of node.items) {
    const key = keyOf(pair, { at, path }, building);
    const value =
      pair.value === null ? emptyValue(key.at, building) : treeOf(pair.value, [...path, key.text], building);
    sizes.push(value);
    const first = entries.get(key.text);
    if (key.text === '__proto__')
      building.report.error(key.at, [...path, key.text], '"__proto__" cannot be a name: use another one');
    if (key.merge) merged.push({ keyAt: key.at, value });
    else if (first !== undefined)
      building.report.error(
        key.at,
        [...path, key.text],
        `the key "${key.text}" is there twice, first in line ${first.keyAt.line}`,
      );
    else entries.set(key.text, { keyAt: key.at, value });
  }
  for (const entry of merged) addMerged(entry, path, entries, building);
  return sized(mapTree(entries, at, tagOf(node, { at, path }, building)), sum(sizes, building), building);
}

/** YAML merge key: what the map says itself wins, then the earlier of several merged maps. */
function addMerged(merged: Entry, path: Path, entries: Map<string, Entry>, building: Building): void {
  const { value, keyAt } = merged;
  if (building.tooLarge) return;
  const sources = value.kind === 'list' ? value.items : [value];
  for (const source of sources) {
    if (source.kind !== 'map') building.report.error(keyAt, [...path, '<<'], '"<<" takes a map or a list of maps');
    else for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    building.mergedEntries += source.kind === 'map' ? source.entries.size : 1;
    if (building.mergedEntries > MAX_NODES) return reportTooLarge(keyAt, building);
  }
}

function keyOf(
  pair: Pair,
  { at: mapAt, path }: Place,
  building: Building,
): { text: string; at: Position; merge: boolean } {
  const key = pair.key;
  if (!isScalar(key)) {
    const at = isMap(key) || isSeq(key) || isAlias(key) ? positionOf(key, building) : mapAt;
    building.report.error(at, path, 'a key must be a plain word or a quoted text');
    return { text: '', at, merge: false };
  }
  const at = positionOf(key, building);
  const plain = key.type === 'PLAIN';
  const text = plain ? (key.source ?? '') : String(key.value);
  if (plain && text === '') building.report.error(at, path, 'a key is missing before ":"');
  return { text, at, merge: plain && text === '<<' };
}

function tagOf(node: { tag?: string | undefined }, { at, path }: Place, building: Building): MergeTag {
  const { tag } = node;
  if (tag === undefined || tag === '!' || tag.startsWith('tag:yaml.org,2002:')) return null;
  if (tag === '!reset') return 'reset';
  if (tag === '!override') return 'override';
  building.report.error(at, path, `the tag ${tag} is not known; Compose has !reset and !override`);
  return null;
}

function positionOf(node: { range?: readonly number[] | null | undefined }, building: Building): Position {
  return building.positionAt(node.range?.[0] ?? 0);
}

function emptyValue(at: Position, building: Building): Tree {
  return sized({ ...scalarTree('', at, true) }, 1, building);
}

function sum(children: readonly Tree[], building: Building): number {
  return children.reduce((total, child) => total + (building.sizes.get(child) ?? 1), 1);
}

function sized(tree: Tree, size: number, building: Building): Tree {
  if (size > MAX_NODES) reportTooLarge(tree.at, building);
  building.sizes.set(tree, Math.min(size, MAX_NODES + 1));
  return tree;
}

function reportTooLarge(at: Position, building: Building): void {
  if (!building.tooLarge)
    building.report.error(at, [], `aliases make this stand for more than ${MAX_NODES} values; spell out less`);
  building.tooLarge = true;
}
