/**
 * Readers: from a place in the tree to a typed value. A reader that finds another type says so in the report, with
 * the place, and returns null; the caller goes on with a default, so that one run finds all mistakes.
 */
import type { Path, Report } from '../source/report.ts';
import { isNull, type Position, type Tree } from '../source/tree.ts';
import { LONGEST_DURATION_MS, parseDuration, renderDuration } from '../values/durations.ts';
import { parseSize } from '../values/sizes.ts';
import { suggestion } from '../values/suggest.ts';

/** A place in the tree: what stands there, how one gets there, and where to say that it is wrong. */
export interface Cursor {
  readonly tree: Tree;
  readonly path: Path;
  readonly keyAt: Position;
  readonly report: Report;
}

export type Reader<T> = (cursor: Cursor) => T | null;

export function fail(cursor: Cursor, message: string): null {
  // A variable that is not set leaves nothing to say about what it would have given.
  if (cursor.tree.kind === 'scalar' && cursor.tree.problems !== undefined) return null;
  cursor.report.error(isNull(cursor.tree) ? cursor.keyAt : cursor.tree.at, cursor.path, message);
  return null;
}

/** Says that something is wrong with the key rather than with its value. */
export function failKey(cursor: Cursor, message: string): null {
  cursor.report.error(cursor.keyAt, cursor.path, message);
  return null;
}

export function warn(cursor: Cursor, message: string): void {
  cursor.report.warn(cursor.keyAt, cursor.path, message);
}

/** The default where the key is absent or wrong (then the report has it). */
export function readOr<T>(cursor: Cursor | undefined, read: Reader<T>, fallback: T): T {
  return cursor === undefined ? fallback : (read(cursor) ?? fallback);
}

export function readIf<T>(cursor: Cursor | undefined, read: Reader<T>): T | null {
  return cursor === undefined ? null : read(cursor);
}

/** Any scalar but null counts as text, as written: `3` is "3", `0440` is "0440". */
export function readText(cursor: Cursor): string | null {
  const { tree } = cursor;
  if (tree.kind === 'scalar' && tree.value !== null) return tree.text;
  return fail(cursor, `takes a text; this is ${describe(tree)}`);
}

export function readFilledText(cursor: Cursor): string | null {
  const text = readText(cursor);
  return text === '' ? fail(cursor, 'is empty') : text;
}

/** An empty text counts as not stated, as in Compose: `user: ${UID:-}`. Null then, and where it is no text. */
export function readTextIfFilled(cursor: Cursor): string | null {
  const text = readText(cursor);
  return text === '' ? null : text;
}

/** Also as text in quotes or from a variable, and in YAML 1.1's words with a warning, as in Compose. */
export function readBoolean(cursor: Cursor): boolean | null {
  const word = cursor.tree.kind === 'scalar' ? cursor.tree.text.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  const isYes = ['y', 'yes', 'on'].includes(word);
  if (!isYes && !['n', 'no', 'off'].includes(word))
    return fail(cursor, `takes true or false; this is ${describe(cursor.tree)}`);
  warn(cursor, `"${word}" is YAML 1.1; write ${isYes}`);
  return isYes;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function readInteger(cursor: Cursor, range: Range): number | null {
  const value = numberIn(cursor.tree);
  const wanted = `takes a whole number from ${range.min} to ${range.max}`;
  if (value === null || !Number.isSafeInteger(value))
    return fail(cursor, `${wanted}; this is ${describe(cursor.tree)}`);
  return value < range.min || value > range.max ? fail(cursor, `${wanted}; this is ${value}`) : value;
}

export const integerIn =
  (min: number, max: number): Reader<number> =>
  (cursor) =>
    readInteger(cursor, { min, max });

/** Fractions too. */
export function readNumber(cursor: Cursor, range: Range): number | null {
  const value = numberIn(cursor.tree);
  const wanted = `takes a number from ${range.min} to ${range.max}`;
  if (value === null || !Number.isFinite(value)) return fail(cursor, `${wanted}; this is ${describe(cursor.tree)}`);
  return value < range.min || value > range.max ? fail(cursor, `${wanted}; this is ${value}`) : value;
}

export function choice<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (cursor) => {
    const text = cursor.tree.kind === 'scalar' ? cursor.tree.text : null;
    const found = allowed.find((one) => one === text);
    if (found !== undefined) return found;
    const said = text === null ? describe(cursor.tree) : `"${text}"${suggestion(text, allowed)}`;
    return fail(cursor, `takes ${listWords(allowed)}; this is ${said}`);
  };
}

/** Milliseconds. */
export function readDuration(cursor: Cursor): number | null {
  const text = cursor.tree.kind === 'scalar' ? cursor.tree.text : '';
  const durationMs = parseDuration(text);
  if (durationMs !== null && durationMs > LONGEST_DURATION_MS)
    return fail(cursor, `takes at most ${renderDuration(LONGEST_DURATION_MS)}; this is ${describe(cursor.tree)}`);
  if (durationMs !== null) return durationMs;
  return fail(cursor, `takes a duration with its unit, such as 500ms, 30s or 1m30s; this is ${describe(cursor.tree)}`);
}

/** Milliseconds, more than 0. */
export function readPositiveDuration(cursor: Cursor): number | null {
  const durationMs = readDuration(cursor);
  return durationMs === 0 ? fail(cursor, 'takes a duration of more than 0') : durationMs;
}

/** Bytes. */
export function readSize(cursor: Cursor): number | null {
  const text = cursor.tree.kind === 'scalar' ? cursor.tree.text : '';
  const bytes = parseSize(text);
  return bytes ?? fail(cursor, `takes a size, such as 64m or 1.5g; this is ${describe(cursor.tree)}`);
}

/** `0440` and `"440"` are octal, as in Compose. 440 is a number in decimal there, which is not what people mean. */
export function readFileMode(cursor: Cursor): number | null {
  const text = cursor.tree.kind === 'scalar' ? cursor.tree.text : '';
  if (cursor.tree.kind === 'scalar' && typeof cursor.tree.value === 'number' && /^[1-9]\d*$/.test(text)) {
    const octal = Number(text).toString(8).padStart(4, '0');
    return fail(cursor, `${text} is a decimal number, in octal ${octal}; write ${octal}, or 0${text} if that is meant`);
  }
  if (/^0?o?[0-7]{3,4}$/.test(text)) return Number.parseInt(text.replace(/^0?o/, ''), 8);
  return fail(cursor, `takes an octal file mode, such as 0440; this is ${describe(cursor.tree)}`);
}

export function items(cursor: Cursor): readonly Cursor[] {
  const { tree } = cursor;
  if (tree.kind !== 'list') {
    fail(cursor, `takes a list; this is ${describe(tree)}`);
    return [];
  }
  return tree.items.map((item, index) => ({ ...cursor, tree: item, path: [...cursor.path, index], keyAt: item.at }));
}

/** One scalar counts as a list of one. */
export function itemsOrOne(cursor: Cursor): readonly Cursor[] {
  return cursor.tree.kind === 'list' ? items(cursor) : [cursor];
}

export function readTexts(cursor: Cursor): readonly string[] {
  return items(cursor).flatMap((item) => readFilledText(item) ?? []);
}

export function readTextsOrOne(cursor: Cursor): readonly string[] {
  return itemsOrOne(cursor).flatMap((item) => readFilledText(item) ?? []);
}

export function entries(cursor: Cursor): readonly (readonly [string, Cursor])[] {
  const { tree } = cursor;
  if (tree.kind !== 'map') {
    fail(cursor, `takes a map (key: value); this is ${describe(tree)}`);
    return [];
  }
  return [...tree.entries].map(([key, entry]) => [
    key,
    { ...cursor, tree: entry.value, path: [...cursor.path, key], keyAt: entry.keyAt },
  ]);
}

/** What a person would call it. */
export function describe(tree: Tree): string {
  if (tree.kind === 'map') return 'a map';
  if (tree.kind === 'list') return 'a list';
  if (tree.value === null) return 'empty';
  const shown = tree.text.length > 40 ? `${tree.text.slice(0, 40)}...` : tree.text;
  return typeof tree.value === 'string' ? `"${shown}"` : shown;
}

export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words[words.length - 1] ?? ''}`;
}

/** A number, or a text (in quotes, from a variable) that is one in decimal digits, as Compose casts it. */
function numberIn(tree: Tree): number | null {
  if (tree.kind !== 'scalar') return null;
  if (typeof tree.value === 'number') return tree.value;
  const isNumber = typeof tree.value === 'string' && /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(tree.text);
  return isNumber ? Number(tree.text) : null;
}
