/**
 * A YAML document as plain, immutable, positioned data. Aliases share their subtree (nothing is copied), so a tree
 * takes memory in proportion to the file; `yaml-source.ts` bounds what walking it can cost.
 */

export interface Position {
  /** As given on the command line, or as found through `extends`. */
  readonly file: string;
  /** Folder that relative paths at this place are relative to. */
  readonly base: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

/** Compose's tags for several files: `!reset` takes the key away, `!override` replaces instead of merging. */
export type MergeTag = 'reset' | 'override' | null;

export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly at: Position;
  readonly tag: MergeTag;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly keyAt: Position;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: Position;
  readonly tag: MergeTag;
  readonly items: readonly Tree[];
}

export type ScalarValue = string | number | boolean | null;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly tag: MergeTag;
  /** Text where it is quoted or held a variable; otherwise as YAML types it. */
  readonly value: ScalarValue;
  /** What a text field gets: as written for plain scalars (`0440`, `1.10`), without quotes for quoted ones. */
  readonly text: string;
  /** As it stands in the file, quotes included; for positions inside it. */
  readonly raw: string;
  /** Without quotes in the file. */
  readonly plain: boolean;
  /** What is wrong with its variables; reported only where the value counts. */
  readonly problems?: readonly ScalarProblem[];
}

export interface ScalarProblem {
  readonly at: Position;
  readonly message: string;
}

export function scalarTree(text: string, at: Position, plain = false): ScalarTree {
  return {
    kind: 'scalar',
    at,
    tag: null,
    value: plain ? resolvePlain(text) : text,
    text,
    raw: text,
    plain,
  };
}

export function mapTree(entries: ReadonlyMap<string, Entry>, at: Position, tag: MergeTag = null): MapTree {
  return { kind: 'map', at, tag, entries };
}

export function listTree(items: readonly Tree[], at: Position, tag: MergeTag = null): ListTree {
  return { kind: 'list', at, tag, items };
}

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

export function childOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined;
}

/** The value of an unquoted scalar, by YAML 1.2's core schema. */
export function resolvePlain(text: string): ScalarValue {
  if (/^(?:null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?[0-9]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text) || /^0o[0-7]+$/.test(text)) return Number(text);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  return text;
}

/** Where `offset` characters into the raw text of a scalar stands in the file. */
export function positionInside(scalar: ScalarTree, offset: number): Position {
  const before = scalar.raw.slice(0, offset);
  const lines = before.split('\n');
  const last = lines[lines.length - 1] ?? '';
  const column = lines.length === 1 ? scalar.at.column + last.length : last.length + 1;
  return { ...scalar.at, line: scalar.at.line + lines.length - 1, column };
}
