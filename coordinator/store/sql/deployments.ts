/** Reading deployments: rows joined with their host steps. */
import type { Deployment, DeploymentState, HostStep, HostStepState } from '../../../fleet/deployment.ts';
import { groupBy } from '../../../fleet/group-by.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { RolloutStore } from '../store.ts';
import type { DeploymentsTable, Tables } from '../tables.ts';
import { lastAttempts, targetsOfApp } from './targets.ts';
import { release as readRelease } from './releases.ts';
import { fromJson, inChunks, notFound, numberAfter, slice } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RolloutStore> = Parameters<RolloutStore[K]>[0];
type Answer<K extends keyof RolloutStore> = ReturnType<RolloutStore[K]>;

export const UNENDED: readonly DeploymentState[] = ['queued', 'rolling', 'paused', 'rolling_back'];

export async function deployment(transaction: Transaction, { id }: Args<'deployment'>): Answer<'deployment'> {
  const row = await transaction.db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  const [found] = await withSteps(transaction, [row]);
  return found ?? null;
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
  const page = slice(
    await query.execute(),
    args.limit,
    (row) => row,
    (row) => String(row.seq),
  );
  return { items: await withSteps(transaction, page.items), next: page.next };
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
  return withSteps(transaction, rows);
}

export async function unendedDeployments(transaction: Transaction): Answer<'unendedDeployments'> {
  const rows = await transaction.db
    .selectFrom('deployments')
    .selectAll()
    .where('state', 'in', [...UNENDED])
    .orderBy('seq')
    .execute();
  return withSteps(transaction, rows);
}

export async function loadRollout(transaction: Transaction, { id }: Args<'loadRollout'>): Answer<'loadRollout'> {
  const row = await transaction.db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  const [found] = row === undefined ? [] : await withSteps(transaction, [row]);
  if (row === undefined || found === undefined) throw notFound(`read deployment ${id}: there is none`);
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

export async function withSteps(
  { db }: Transaction,
  rows: readonly DeploymentsTable[],
): Promise<readonly Deployment[]> {
  const steps: Tables['steps'][] = [];
  for (const chunk of inChunks(rows)) {
    const ids = chunk.map((row) => row.id);
    steps.push(
      ...(await db
        .selectFrom('steps')
        .selectAll()
        .where('deployment', 'in', ids)
        .orderBy('wave')
        .orderBy('host')
        .execute()),
    );
  }
  const byDeployment = groupBy(steps, (step) => step.deployment);
  return rows.map((row) => toDeployment(row, byDeployment.get(row.id) ?? []));
}

function toDeployment(row: DeploymentsTable, steps: readonly Tables['steps'][]): Deployment {
  return {
    id: row.id as DeploymentId,
    app: row.app as AppName,
    release: Number(row.release),
    base: numberOrNull(row.base),
    kind: row.kind as Deployment['kind'],
    state: row.state as DeploymentState,
    steps: steps.map(toStep),
    wave: Number(row.wave),
    waves: Number(row.waves),
    once: row.once === null ? null : fromJson(row.once),
    problem: row.problem === null ? null : fromJson(row.problem),
    cause: fromJson(row.cause),
    aborts: Number(row.aborts) === 1,
    createdAt: Number(row.created_at),
    startedAt: numberOrNull(row.started_at),
    settledAt: numberOrNull(row.settled_at),
    deadlineAt: numberOrNull(row.deadline_at),
    endedAt: numberOrNull(row.ended_at),
  };
}

function toStep(row: Tables['steps']): HostStep {
  return {
    host: row.host as HostId,
    wave: Number(row.wave),
    state: row.state as HostStepState,
    from: numberOrNull(row.from_release),
    attempt: Number(row.attempt),
    problem: row.problem === null ? null : fromJson(row.problem),
    changedAt: Number(row.changed_at),
  };
}

function numberOrNull(value: number | null): number | null {
  return value === null ? null : Number(value);
}
