/** Requests that create something, by who sent them and the key that they named, with their answers. */
import type { RequestStore } from '../store.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RequestStore> = Parameters<RequestStore[K]>[0];
type Answer<K extends keyof RequestStore> = ReturnType<RequestStore[K]>;

export async function beginRequest({ db }: Transaction, args: Args<'beginRequest'>): Answer<'beginRequest'> {
  const { actor, key, hash, at, until, most } = args;
  await db.deleteFrom('requests').where('until', '<=', at).execute();
  const known = await db
    .selectFrom('requests')
    .select(['hash', 'answer'])
    .where('actor', '=', actor)
    .where('key', '=', key)
    .executeTakeFirst();
  if (known !== undefined) {
    if (known.hash !== hash) return { kind: 'differs' };
    // Without an answer its coordinator ended in the middle, or the answer was too long to be kept.
    if (known.answer === null) return { kind: 'begun' };
    return { kind: 'answered', ciphertext: new Uint8Array(Buffer.from(known.answer, 'base64')) };
  }
  await db.insertInto('requests').values({ actor, key, hash, answer: null, created_at: at, until }).execute();
  const oldestKept = await db
    .selectFrom('requests')
    .select('created_at')
    .where('actor', '=', actor)
    .orderBy('created_at', 'desc')
    .offset(most - 1)
    .limit(1)
    .executeTakeFirst();
  if (oldestKept !== undefined) {
    await db
      .deleteFrom('requests')
      .where('actor', '=', actor)
      .where('created_at', '<', oldestKept.created_at)
      .execute();
  }
  return { kind: 'begun' };
}

export async function answerRequest({ db }: Transaction, args: Args<'answerRequest'>): Answer<'answerRequest'> {
  await db
    .updateTable('requests')
    .set({ answer: Buffer.from(args.ciphertext).toString('base64') })
    .where('actor', '=', args.actor)
    .where('key', '=', args.key)
    .execute();
}

export async function forgetRequest({ db }: Transaction, args: Args<'forgetRequest'>): Answer<'forgetRequest'> {
  await db.deleteFrom('requests').where('actor', '=', args.actor).where('key', '=', args.key).execute();
}
