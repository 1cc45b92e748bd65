/** Deletes what is kept of deployments that ended long ago: first their steps, then, with their release, themselves. */
import { hasEnded } from '../../../fleet/deployment.ts';
import type { DeploymentState } from '../../../fleet/deployment.ts';
import type { RetentionStore } from '../retention-store.ts';
import type { Transaction } from './transaction.ts';
import { inChunks } from './transaction.ts';

const LOOKED_AT_ONCE = 50;

interface Old {
  readonly id: string;
  readonly seq: number;
  readonly app: string;
  readonly release: number;
}

export async function pruneDeployments(
  transaction: Transaction,
  { before, after, limit }: Parameters<RetentionStore['pruneDeployments']>[0],
): ReturnType<RetentionStore['pruneDeployments']> {
  const rows = await transaction.db
    .selectFrom('deployments')
    .select(['id', 'seq', 'app', 'release', 'state', 'created_at', 'ended_at'])
    .where('seq', '>', after ?? 0)
    .orderBy('seq')
    .limit(LOOKED_AT_ONCE)
    .execute();
  const needed = new Map<string, ReadonlySet<string>>();
  let [steps, deployments] = [0, 0];
  for (const row of rows) {
    const old: Old = { id: row.id, seq: Number(row.seq), app: row.app, release: Number(row.release) };
    if (Number(row.created_at) >= before) return { steps, deployments, next: null };
    if (!hasEnded(row.state as DeploymentState) || Number(row.ended_at) >= before) continue;
    const known = needed.get(old.app) ?? (await stoodOn(transaction, old.app));
    needed.set(old.app, known);
    if (known.has(old.id)) continue;
    steps += await removeSteps(transaction, old.id, limit - steps);
    if (steps >= limit) return { steps, deployments, next: old.seq - 1 };
    if (await isForgotten(transaction, old)) {
      await transaction.db.deleteFrom('deployments').where('id', '=', old.id).execute();
      deployments += 1;
    }
  }
  const last = rows.at(-1);
  return { steps, deployments, next: last === undefined || rows.length < LOOKED_AT_ONCE ? null : Number(last.seq) };
}

/** What hosts run by, also where they come back late, and what brought the current release. */
async function stoodOn({ db }: Transaction, app: string): Promise<ReadonlySet<string>> {
  const targets = await db.selectFrom('targets').select('deployment').distinct().where('app', '=', app).execute();
  const current = await db.selectFrom('apps').select('succeeded_by').where('name', '=', app).executeTakeFirst();
  const found = [...targets.map(({ deployment }) => deployment), current?.succeeded_by ?? null];
  return new Set(found.filter((id) => id !== null));
}

async function removeSteps({ db }: Transaction, deployment: string, limit: number): Promise<number> {
  const rows = await db
    .selectFrom('steps')
    .select('host')
    .where('deployment', '=', deployment)
    .orderBy('host')
    .limit(limit)
    .execute();
  for (const chunk of inChunks(rows.map(({ host }) => host)))
    await db
      .deleteFrom('steps')
      .where('deployment', '=', deployment)
      .where('host', 'in', [...chunk])
      .execute();
  return rows.length;
}

async function isForgotten({ db }: Transaction, { app, seq, release }: Old): Promise<boolean> {
  const kept = await db
    .selectFrom('releases')
    .select('number')
    .where('app', '=', app)
    .where('number', '=', release)
    .executeTakeFirst();
  if (kept !== undefined) return false;
  const newer = await db
    .selectFrom('deployments')
    .select('id')
    .where('app', '=', app)
    .where('seq', '>', seq)
    .limit(1)
    .executeTakeFirst();
  return newer !== undefined;
}
