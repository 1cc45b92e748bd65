/**
 * Driving deployments: the lease with its fencing token, and each step of a rollout whole. Every write names the state
 * it starts from, so that two writers never both believe they moved it.
 */
import { advanceThrough, hasEnded } from '../../../fleet/deployment.ts';
import type { DeploymentState } from '../../../fleet/deployment.ts';
import type { DeploymentId } from '../../../fleet/ids.ts';
import type { RolloutStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { append } from './events.ts';
import { endHolds } from './held-digests.ts';
import { insertQuarantine } from './releases.ts';
import { requireNoRestore } from './restores.ts';
import { releaseServes } from './served-releases.ts';
import { writeSteps } from './steps.ts';
import { writeTargets } from './targets.ts';
import { conflict, notFound, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RolloutStore> = Parameters<RolloutStore[K]>[0];
type Answer<K extends keyof RolloutStore> = ReturnType<RolloutStore[K]>;

export async function takeLease({ db }: Transaction, args: Args<'takeLease'>): Answer<'takeLease'> {
  const { id, owner, now, until } = args;
  const row = await db
    .selectFrom('deployments')
    .select(['owner', 'fence', 'lease_until', 'state'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound(`take deployment ${id}: not found`);
  if (hasEnded(row.state as DeploymentState)) throw conflict(`change deployment ${id}: it has ended (${row.state})`);
  if (row.owner !== null && row.owner !== owner && Number(row.lease_until) > now) return null;
  const token = row.owner === owner ? Number(row.fence) : Number(row.fence) + 1;
  await db.updateTable('deployments').set({ owner, fence: token, lease_until: until }).where('id', '=', id).execute();
  return { owner, token };
}

export async function renewLeases({ db }: Transaction, args: Args<'renewLeases'>): Answer<'renewLeases'> {
  const held: DeploymentId[] = [];
  for (const id of args.ids) {
    const [changed] = await db
      .updateTable('deployments')
      .set({ lease_until: args.until })
      .where('id', '=', id)
      .where('owner', '=', args.owner)
      .where('state', 'in', [...UNENDED])
      .execute();
    if (changed !== undefined && changed.numUpdatedRows > 0n) held.push(id);
  }
  return held;
}

export async function applyRollout(transaction: Transaction, args: Args<'applyRollout'>): Answer<'applyRollout'> {
  const { db } = transaction;
  const { fence, expected, through = [], deployment } = args;
  await requireNoRestore(transaction, `write deployment ${deployment.id}`);
  if (deployment.state !== expected || through.length > 0) {
    try {
      advanceThrough(expected, [...through, deployment.state]);
    } catch (error) {
      throw conflict(`write deployment ${deployment.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [changed] = await db
    .updateTable('deployments')
    .set({
      base: deployment.base,
      state: deployment.state,
      wave: deployment.wave,
      waves: deployment.waves,
      once: deployment.once === null ? null : toJson(deployment.once),
      problem: deployment.problem === null ? null : toJson(deployment.problem),
      started_at: deployment.startedAt,
      settled_at: deployment.settledAt,
      deadline_at: deployment.deadlineAt,
      ended_at: deployment.endedAt,
      by_hand: deployment.byHand ? 1 : 0,
    })
    .where('id', '=', deployment.id)
    .where('state', '=', expected)
    .where('owner', '=', fence.owner)
    .where('fence', '=', fence.token)
    .execute();
  if (changed === undefined || changed.numUpdatedRows === 0n) {
    throw conflict(`write deployment ${deployment.id}: somebody else changed or took it meanwhile`);
  }
  await writeSteps(transaction, deployment.id, args.steps);
  await writeTargets(transaction, args.targets);
  await insertQuarantine(transaction, args.quarantine);
  if (expected !== 'succeeded' && deployment.state === 'succeeded') {
    const { app, release } = deployment;
    const before = await db.selectFrom('apps').select('succeeded').where('name', '=', app).executeTakeFirst();
    await releaseServes(transaction, app, release, before?.succeeded == null ? null : Number(before.succeeded));
    await db
      .updateTable('apps')
      .set({ succeeded: release, succeeded_by: deployment.id })
      .where('name', '=', app)
      .execute();
    await endHolds(transaction, deployment);
    // What waits begins from here: a rollback of it must not go past this release.
    await db
      .updateTable('deployments')
      .set({ base: release })
      .where('app', '=', app)
      .where('state', '=', 'queued')
      .execute();
  }
  await append(transaction, args.events);
}
