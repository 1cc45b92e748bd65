/** Reading deployments. Lists read no steps: their number is that of hosts times deployments. */
import type { DeploymentState } from '../../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../../fleet/deployment-summary.ts';
import type { AppName, DeploymentId } from '../../../fleet/ids.ts';
import type { RolloutStore } from '../store.ts';
import type { DeploymentsTable } from '../tables.ts';
import { stepsOf } from './steps.ts';
import { lastAttempts, targetsOfApp } from './targets.ts';
import { release as readRelease } from './releases.ts';
import { fromJson, notFound, numberAfter, numberOrNull, slice } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RolloutStore> = Parameters<RolloutStore[K]>[0];
type Answer<K extends keyof RolloutStore> = ReturnType<RolloutStore[K]>;

export const UNENDED: readonly DeploymentState[] = ['queued', 'rolling', 'paused', 'rolling_back'];

export async function deployment(transaction: Transaction, { id }: Args<'deployment'>): Answer<'deployment'> {
  const row = await transaction.db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toSummary(row);
}

export async function listDeployments(
  transaction: Transaction,
  args: Args<'listDeployments'>,
): Answer<'listDeployments'> {
  const after = numberAfter(args.after);
  let query = transaction.db
    .selectFrom('deployments')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(args.limit + 1);
  if (after !== null) query = query.where('seq', '<', after);
  if (args.app !== null) query = query.where('app', '=', args.app);
  return slice(await query.execute(), args.limit, toSummary, (row) => String(row.seq));
}

export async function latestDeployments(
  transaction: Transaction,
  args: Args<'latestDeployments'>,
): Answer<'latestDeployments'> {
  const rows: DeploymentsTable[] = [];
  for (const app of args.apps) {
    const unended = await transaction.db
      .selectFrom('deployments')
      .selectAll()
      .where('app', '=', app)
      .where('state', 'in', [...UNENDED])
      .orderBy('seq')
      .execute();
    const furthest = unended.find((row) => row.state !== 'queued') ?? unended[0];
    const row =
      furthest ??
      (await transaction.db
        .selectFrom('deployments')
        .selectAll()
        .where('app', '=', app)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst());
    if (row !== undefined) rows.push(row);
  }
  return rows.map(toSummary);
}

export async function countUnended({ db }: Transaction): Answer<'countUnended'> {
  const rows = await db
    .selectFrom('deployments')
    .select(['state', (select) => select.fn.countAll().as('count')])
    .where('state', 'in', [...UNENDED])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

export async function unendedDeployments(
  { db }: Transaction,
  { app }: Args<'unendedDeployments'>,
): Answer<'unendedDeployments'> {
  let query = db
    .selectFrom('deployments')
    .selectAll()
    .where('state', 'in', [...UNENDED])
    .orderBy('seq');
  if (app !== null) query = query.where('app', '=', app);
  return (await query.execute()).map(toSummary);
}

export async function loadRollout(transaction: Transaction, { id }: Args<'loadRollout'>): Answer<'loadRollout'> {
  const row = await transaction.db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound(`read deployment ${id}: not found`);
  const { counts: _counts, ...head } = toSummary(row);
  const found = { ...head, steps: await stepsOf(transaction, id) };
  const { app } = found;
  const release = await readRelease(transaction, { app, number: found.release });
  if (release === null) throw notFound(`read deployment ${id}: release ${found.release} of ${app} is not kept`);
  return {
    deployment: found,
    release,
    base: found.base === null ? null : await readRelease(transaction, { app, number: found.base }),
    placement: fromJson(row.placement),
    targets: await targetsOfApp(transaction, { app }),
    lastAttempts: await lastAttempts(transaction, app),
  };
}

export function toSummary(row: DeploymentsTable): DeploymentSummary {
  return {
    id: row.id as DeploymentId,
    app: row.app as AppName,
    release: Number(row.release),
    base: numberOrNull(row.base),
    kind: row.kind as DeploymentSummary['kind'],
    state: row.state as DeploymentState,
    counts: fromJson(row.counts),
    wave: Number(row.wave),
    waves: Number(row.waves),
    once: row.once === null ? null : fromJson(row.once),
    problem: row.problem === null ? null : fromJson(row.problem),
    cause: fromJson(row.cause),
    aborts: Number(row.aborts) === 1,
    byHand: Number(row.by_hand) === 1,
    ...(row.restarts === null ? {} : { restarts: fromJson<string[]>(row.restarts) }),
    createdAt: Number(row.created_at),
    startedAt: numberOrNull(row.started_at),
    settledAt: numberOrNull(row.settled_at),
    deadlineAt: numberOrNull(row.deadline_at),
    endedAt: numberOrNull(row.ended_at),
  };
}
