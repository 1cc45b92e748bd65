/** What each deployment does on each host. Only the rollout of a deployment reads all of its steps at once. */
import { sql } from 'kysely';
import type { HostStep, HostStepState } from '../../../fleet/deployment.ts';
import { addCounts, byWave, countSteps, URGENCY } from '../../../fleet/deployment-summary.ts';
import type { StepCount } from '../../../fleet/deployment-summary.ts';
import type { DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { RolloutStore } from '../store.ts';
import type { Tables } from '../tables.ts';
import { fromJson, inChunks, numberOrNull, slice, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RolloutStore> = Parameters<RolloutStore[K]>[0];
type Answer<K extends keyof RolloutStore> = ReturnType<RolloutStore[K]>;

const ROWS_AT_ONCE = 100;

export async function stepsOf({ db }: Transaction, id: DeploymentId): Promise<readonly HostStep[]> {
  const rows = await db
    .selectFrom('steps')
    .selectAll()
    .where('deployment', '=', id)
    .orderBy('wave')
    .orderBy('host')
    .execute();
  return rows.map(toStep);
}

export async function listSteps({ db }: Transaction, args: Args<'listSteps'>): Answer<'listSteps'> {
  let query = db
    .selectFrom('steps')
    .selectAll()
    .where('deployment', '=', args.deployment)
    .orderBy('host')
    .limit(args.limit + 1);
  if (args.after !== null) query = query.where('host', '>', args.after);
  if (args.wave !== null) query = query.where('wave', '=', args.wave);
  if (args.state !== null) query = query.where('state', '=', args.state);
  return slice(await query.execute(), args.limit, toStep, (row) => row.host);
}

export async function notableSteps({ db }: Transaction, args: Args<'notableSteps'>): Answer<'notableSteps'> {
  const urgency = sql.join(
    URGENCY.map((state, index) => sql`when ${sql.lit(state)} then ${sql.lit(index)}`),
    sql` `,
  );
  const rows = await db
    .selectFrom('steps')
    .selectAll()
    .where('deployment', '=', args.deployment)
    .orderBy(sql`case state ${urgency} end`)
    .orderBy('wave')
    .orderBy('host')
    .limit(args.limit)
    .execute();
  return rows.map(toStep).sort(byWave);
}

export async function stepsOfHost({ db }: Transaction, args: Args<'stepsOfHost'>): Answer<'stepsOfHost'> {
  const found: Record<DeploymentId, HostStep> = {};
  for (const deployments of inChunks(args.deployments)) {
    const rows = await db
      .selectFrom('steps')
      .selectAll()
      .where('deployment', 'in', [...deployments])
      .where('host', '=', args.host)
      .execute();
    for (const row of rows) found[row.deployment as DeploymentId] = toStep(row);
  }
  return found;
}

/** Writes the steps, and beside the deployment what its steps add up to with them. */
export async function writeSteps({ db }: Transaction, id: DeploymentId, steps: readonly HostStep[]): Promise<void> {
  if (steps.length === 0) return;
  const left: StepCount[] = [];
  for (const chunk of inChunks(steps, ROWS_AT_ONCE)) {
    const before = await db
      .selectFrom('steps')
      .select(['wave', 'state'])
      .where('deployment', '=', id)
      .where(
        'host',
        'in',
        chunk.map((step) => step.host),
      )
      .execute();
    for (const { wave, state } of before) left.push({ wave: Number(wave), state: state as HostStepState, hosts: -1 });
    await db
      .insertInto('steps')
      .values(
        chunk.map((step) => ({
          deployment: id,
          host: step.host,
          wave: step.wave,
          state: step.state,
          from_release: step.from,
          attempt: step.attempt,
          problem: step.problem === null ? null : toJson(step.problem),
          changed_at: step.changedAt,
        })),
      )
      .onConflict((clash) =>
        clash.columns(['deployment', 'host']).doUpdateSet((set) => ({
          wave: set.ref('excluded.wave'),
          state: set.ref('excluded.state'),
          from_release: set.ref('excluded.from_release'),
          attempt: set.ref('excluded.attempt'),
          problem: set.ref('excluded.problem'),
          changed_at: set.ref('excluded.changed_at'),
        })),
      )
      .execute();
  }
  const { counts } = await db.selectFrom('deployments').select('counts').where('id', '=', id).executeTakeFirstOrThrow();
  const now = addCounts([...fromJson<readonly StepCount[]>(counts), ...countSteps(steps)], left);
  await db
    .updateTable('deployments')
    .set({ counts: toJson(now) })
    .where('id', '=', id)
    .execute();
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
