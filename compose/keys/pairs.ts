/** `environment`, `labels`, `args` and the like: a map, or a list of `name=value`. */
import { type Cursor, describe, entries, fail, items, warn } from './read.ts';
import { scalarTree } from '../source/tree.ts';

export interface Pairing {
  readonly name: string;
  /** Null = a name without a value. */
  readonly value: string | null;
  readonly cursor: Cursor;
}

export function readPairs(cursor: Cursor): readonly Pairing[] {
  if (cursor.tree.kind === 'list') return items(cursor).flatMap((item) => pairOfItem(item) ?? []);
  return entries(cursor).flatMap(([name, value]) => pairOfEntry(name, value) ?? []);
}

/** A name without a value is an empty text. */
export function readTextMap(cursor: Cursor): Readonly<Record<string, string>> {
  return Object.fromEntries(readPairs(cursor).map((pair) => [pair.name, pair.value ?? '']));
}

function pairOfItem(item: Cursor): Pairing | null {
  if (item.tree.kind !== 'scalar' || item.tree.value === null)
    return fail(item, `takes name=value; this is ${describe(item.tree)}`);
  const { text } = item.tree;
  const equals = text.indexOf('=');
  if (equals === 0) return fail(item, `the name before "=" is missing in "${text}"`);
  if (text === '__proto__' || text.startsWith('__proto__='))
    return fail(item, '"__proto__" cannot be a name: use another one');
  if (equals < 0) return { name: text, value: null, cursor: item };
  const tree = scalarTree(text.slice(equals + 1), item.tree.at);
  return { name: text.slice(0, equals), value: tree.text, cursor: { ...item, tree } };
}

const NUMBER = /^[-+]?(?:0x[\da-f_]+|0o?[0-7_]+|0b[01_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[-+]?\d+)?)$/i;
const PRINTED = /^-?(?:0|[1-9]\d{0,17}|(?:0|[1-9]\d{0,5})\.\d{0,3}[1-9]|[1-9]\d{0,5}\.\d*[1-9])$/;

/** Compose reads it as a number, truth value or date of YAML 1.1 and prints that: `1.10` is 1.1, `010` is 8. */
function isRewritten(text: string): boolean {
  if (text.length > 40) return false;
  return /^(?:True|TRUE|False|FALSE|\d{4}-\d\d-\d\d)$/.test(text) || (NUMBER.test(text) && !PRINTED.test(text));
}

function pairOfEntry(name: string, cursor: Cursor): Pairing | null {
  const { tree } = cursor;
  if (tree.kind !== 'scalar') return fail(cursor, `takes a text, a number, true or false; this is ${describe(tree)}`);
  if (tree.plain && tree.raw === tree.text && isRewritten(tree.text))
    warn(cursor, `${tree.text} stays as written; Compose gives another text for it: put it in quotes`);
  return { name, value: tree.value === null ? null : tree.text, cursor };
}
