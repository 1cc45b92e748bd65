/** What a use case of the store gets: the connection inside its transaction, and what was appended to the event log. */
import type { Kysely } from 'kysely';
import { LongshoreError } from '../../../fleet/errors.ts';
import type { StoredEvent } from '../records.ts';
import type { Tables } from '../tables.ts';

export interface Transaction {
  readonly db: Kysely<Tables>;
  /** Grows as events are appended; given to listeners after the commit. */
  readonly appended: StoredEvent[];
}

export const conflict = (message: string): LongshoreError => new LongshoreError('CONFLICT', message);
export const notFound = (message: string): LongshoreError => new LongshoreError('NOT_FOUND', message);

/** Text that this store wrote from a value of this type. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the column says which type was written
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

export function toJson(value: unknown): string {
  return JSON.stringify(value);
}

export function numberOrNull(value: number | null): number | null {
  return value === null ? null : Number(value);
}

/** Databases bound the number of parameters of one statement. */
export function inChunks<T>(items: readonly T[], size = 500): readonly (readonly T[])[] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

/** The next number of a counter, given under its row's lock until the transaction ends. */
export async function nextNumber({ db }: Transaction, name: string): Promise<number> {
  const row = await db
    .updateTable('counters')
    .set((set) => ({ value: set('value', '+', 1) }))
    .where('name', '=', name)
    .returning('value')
    .executeTakeFirstOrThrow();
  return Number(row.value);
}

/** The last number that a counter gave. */
export async function lastNumber({ db }: Transaction, name: string): Promise<number> {
  const row = await db.selectFrom('counters').select('value').where('name', '=', name).executeTakeFirstOrThrow();
  return Number(row.value);
}

export async function getMeta({ db }: Transaction, key: string): Promise<string | null> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value ?? null;
}

export async function setMeta({ db }: Transaction, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((clash) => clash.column('key').doUpdateSet({ value }))
    .execute();
}

/** One page of rows that were asked for with a limit of one more than the page holds. */
export function slice<R, T>(
  rows: readonly R[],
  limit: number,
  toItem: (row: R) => T,
  keyOf: (row: R) => string,
): { readonly items: readonly T[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(toItem), next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}

/** A cursor that is a number. @throws INPUT_INVALID */
export function numberAfter(after: string | null): number | null {
  if (after === null) return null;
  const value = Number(after);
  if (!Number.isSafeInteger(value))
    throw new LongshoreError('INPUT_INVALID', `read a page: invalid cursor ${JSON.stringify(after)}`);
  return value;
}
