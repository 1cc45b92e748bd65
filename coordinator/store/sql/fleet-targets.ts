/**
 * Writing targets outside of deployments. Whoever decided them looked before this transaction: what a deployment began
 * or ended since then wins, and they look again.
 */
import type { TargetStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { append } from './events.ts';
import { requireNoRestore } from './restores.ts';
import { lastAttempts, writeTargets } from './targets.ts';
import { conflict } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args = Parameters<TargetStore['applyFleet']>[0];

export async function applyFleet(transaction: Transaction, args: Args): ReturnType<TargetStore['applyFleet']> {
  const { db } = transaction;
  await requireNoRestore(transaction, `place ${args.app}`);
  const app = await db
    .selectFrom('apps')
    .select(['succeeded', 'removed_at'])
    .where('name', '=', args.app)
    .executeTakeFirst();
  if (app?.removed_at !== null) throw conflict(`place ${args.app}: the app was removed`);
  const succeeded = app.succeeded === null ? null : Number(app.succeeded);
  if (succeeded !== args.expected) {
    throw conflict(`place ${args.app}: release ${String(succeeded)} has succeeded meanwhile`);
  }
  const underWay = await db
    .selectFrom('deployments')
    .select('id')
    .where('app', '=', args.app)
    .where('state', 'in', [...UNENDED])
    .limit(1)
    .executeTakeFirst();
  if (underWay !== undefined) throw conflict(`place ${args.app}: deployment ${underWay.id} is under way`);
  await requireNewAttempts(transaction, args);
  await writeTargets(transaction, args.targets);
  await append(transaction, args.events);
}

/** A deployment that began and ended meanwhile has given numbers: agents keep the verdict of each. */
async function requireNewAttempts(transaction: Transaction, { app, targets }: Args): Promise<void> {
  const last = await lastAttempts(transaction, app);
  for (const target of targets) {
    if (target.kind === 'run' && target.attempt <= (last[target.host] ?? 0)) {
      throw conflict(`place ${app}: host ${target.host} was given attempt ${String(last[target.host])} meanwhile`);
    }
  }
}
