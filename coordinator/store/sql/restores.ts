/** What is kept of a restore: the epoch, and whether an operator has confirmed it. */
import type { RestoreStore, PendingRestore } from '../restore-store.ts';
import { LongshoreError } from '../../../fleet/errors.ts';
import { append } from './events.ts';
import { conflict, fromJson, getMeta, setMeta, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RestoreStore> = Parameters<RestoreStore[K]>[0];
type Answer<K extends keyof RestoreStore> = ReturnType<RestoreStore[K]>;

/** More than any time between a copy and its restore gives. */
const LOST_RELEASES = 100;
const LOST_NUMBERS = 1_000;

export async function currentEpoch(transaction: Transaction): Promise<number> {
  return Number((await getMeta(transaction, 'epoch')) ?? '1');
}

export async function restoreFound(transaction: Transaction, args: Args<'restoreFound'>): Answer<'restoreFound'> {
  const { events, ...found } = args;
  const epoch = await currentEpoch(transaction);
  if ((await pendingRestore(transaction)) !== null) {
    if (found.heard.epoch >= epoch) await setMeta(transaction, 'epoch', String(found.heard.epoch + 1));
    return false;
  }
  await setMeta(transaction, 'epoch', String(Math.max(epoch, found.heard.epoch) + 1));
  await setMeta(transaction, 'restore', toJson(found));
  await skipLostNumbers(transaction);
  await append(transaction, events);
  return true;
}

export async function pendingRestore(transaction: Transaction): Answer<'pendingRestore'> {
  const text = await getMeta(transaction, 'restore');
  return text === null ? null : fromJson<PendingRestore>(text);
}

export async function confirmRestore(transaction: Transaction, args: Args<'confirmRestore'>): Answer<'confirmRestore'> {
  if ((await pendingRestore(transaction)) === null)
    throw conflict('confirm the restore: none waits for it; the hosts and the data agree');
  await transaction.db.deleteFrom('meta').where('key', '=', 'restore').execute();
  await append(transaction, args.events);
  return currentEpoch(transaction);
}

/** @throws CONFLICT while a restore waits for an operator */
export async function requireNoRestore(transaction: Transaction, operation: string): Promise<void> {
  if ((await pendingRestore(transaction)) === null) return;
  const text = `${operation}: the coordinator's data is an older copy, and changes wait until an operator confirms it`;
  throw new LongshoreError('CONFLICT', text, {
    hint: 'Look at `longshore doctor`, then run `longshore doctor --confirm-restore`.',
  });
}

/** Secret versions at or below it may have had another value. */
export async function secretVersionFloor(transaction: Transaction): Promise<number> {
  return Number((await getMeta(transaction, 'secret-version-floor')) ?? '0');
}

/**
 * Hosts remember verdicts by attempt, images by release and secrets by version. What the time between copy and restore
 * has given of these nobody knows here, and the same number must not mean two things.
 */
async function skipLostNumbers(transaction: Transaction): Promise<void> {
  const { db } = transaction;
  await db
    .updateTable('attempts')
    .set((set) => ({ last: set('last', '+', LOST_NUMBERS) }))
    .execute();
  await db
    .updateTable('apps')
    .set((set) => ({ newest: set('newest', '+', LOST_RELEASES) }))
    .execute();
  const row = await db
    .selectFrom('secrets')
    .select((select) => select.fn.max('last_version').as('last'))
    .executeTakeFirst();
  const last = Math.max(Number(row?.last ?? 0), await secretVersionFloor(transaction));
  await setMeta(transaction, 'secret-version-floor', String(last + LOST_NUMBERS));
}
