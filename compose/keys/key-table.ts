/**
 * What we know of each key at one place of the file: read; not done yet (an error that says so); or of no meaning
 * here (a warning with the reason). A key in no table is unknown. docs/app-file.md is held to these tables by a test.
 */
import { suggestion } from '../values/suggest.ts';
import { type Cursor, describe, entries, fail, failKey, warn } from './read.ts';
import { isNull } from '../source/tree.ts';

export type KeyRule = 'read' | { readonly later: string } | { readonly ignored: string };

export type KeyTable = Readonly<Record<string, KeyRule>>;

/** An error: people who rely on the key must know. `instead` says what to do for now. */
export const later = (instead = ''): KeyRule => ({ later: instead });
/** A warning: leaving it out changes nothing that we promise. */
export const ignored = (reason: string): KeyRule => ({ ignored: reason });

export type Fields<T extends KeyTable> = { readonly [K in keyof T]?: Cursor };

/** The keys that are read and not empty; everything else is reported. `x-...` keys pass, as in Compose. */
export function fields<T extends KeyTable>(cursor: Cursor, table: T): Fields<T> {
  const found: Record<string, Cursor> = {};
  if (cursor.tree.kind !== 'map') {
    fail(cursor, `takes a map (key: value); this is ${describe(cursor.tree)}`);
    return found;
  }
  for (const [key, value] of entries(cursor)) {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined;
    if (rule === undefined) reportUnknown(key, value, table);
    else if (rule === 'read') {
      if (!isNull(value.tree)) found[key] = value;
    } else if ('later' in rule) failKey(value, notDone(`"${key}"`, rule.later));
    else warn(value, `"${key}" means nothing here: ${rule.ignored}`);
  }
  return found;
}

export function notDone(what: string, instead: string): string {
  return `${what} is not done yet${instead === '' ? '' : `; ${instead}`}`;
}

function reportUnknown(key: string, value: Cursor, table: KeyTable): void {
  if (key.startsWith('x-')) {
    if (Object.hasOwn(table, 'x-longshore') && /^x-long?sh?or?e?/i.test(key))
      warn(value, `"${key}" is not read (did you mean "x-longshore"?)`);
    return;
  }
  failKey(value, `unknown key "${key}"${value.report.isFull() ? '' : suggestion(key, Object.keys(table))}`);
}
