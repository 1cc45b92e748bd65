/** What the places of an app outside of its deployments are decided over, in one look. */
import type { DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { RolloutStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { release as readRelease } from './releases.ts';
import { lastAttempts, targetsOfApp } from './targets.ts';
import { notFound } from './transaction.ts';
import type { Transaction } from './transaction.ts';

export async function loadPlaces(
  transaction: Transaction,
  { app, deployment }: Parameters<RolloutStore['loadPlaces']>[0],
): ReturnType<RolloutStore['loadPlaces']> {
  const { db } = transaction;
  const underWay = await db
    .selectFrom('deployments')
    .select('id')
    .where('app', '=', app)
    .where('state', 'in', [...UNENDED])
    .limit(1)
    .executeTakeFirst();
  if (underWay !== undefined) return null;
  const brought = await db
    .selectFrom('deployments')
    .select(['seq', 'release'])
    .where('id', '=', deployment)
    .executeTakeFirst();
  if (brought === undefined) throw notFound(`read deployment ${deployment}: not found`);
  const number = Number(brought.release);
  const release = await readRelease(transaction, { app, number });
  if (release === null) throw notFound(`read deployment ${deployment}: release ${number} of ${app} is not kept`);
  // What a superseded one left behind is not a choice to keep it: its successor was to replace it everywhere.
  const newer = await db
    .selectFrom('targets')
    .innerJoin('deployments', 'deployments.id', 'targets.deployment')
    .select('deployments.id')
    .distinct()
    .where('targets.app', '=', app)
    .where('deployments.seq', '>', brought.seq)
    .where('deployments.state', '!=', 'superseded')
    .execute();
  const placed = await db
    .selectFrom('targets')
    .leftJoin('steps', (join) =>
      join
        .onRef('steps.deployment', '=', 'targets.deployment')
        .onRef('steps.host', '=', 'targets.host')
        .onRef('steps.attempt', '=', 'targets.attempt'),
    )
    .select('targets.host')
    .where('targets.app', '=', app)
    .where('targets.kind', '=', 'run')
    .where('steps.host', 'is', null)
    .orderBy('targets.host')
    .execute();
  return {
    release,
    targets: await targetsOfApp(transaction, { app }),
    newer: newer.map(({ id }) => id as DeploymentId),
    placed: placed.map(({ host }) => host as HostId),
    lastAttempts: await lastAttempts(transaction, app),
  };
}
