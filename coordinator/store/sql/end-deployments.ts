/** Ending deployments from outside of their rollout: by a newer one in the queue, or because the app was removed. */
import { advance } from '../../../fleet/deployment.ts';
import type { DeploymentState } from '../../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../../fleet/deployment-summary.ts';
import type { Problem } from '../../../fleet/errors.ts';
import type { AppName } from '../../../fleet/ids.ts';
import type { Cause } from '../../../fleet/release.ts';
import type { NewEvent } from '../records.ts';
import { toSummary } from './deployments.ts';
import { append } from './events.ts';
import { toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

export interface Ending {
  readonly app: AppName;
  readonly states: readonly DeploymentState[];
  readonly to: 'superseded' | 'cancelled';
  readonly at: number;
  readonly cause: Cause;
  readonly problem: (deployment: DeploymentSummary) => Problem;
}

/** The fence rises, so that their owner's next write is refused. */
export async function endUnended(transaction: Transaction, ending: Ending): Promise<readonly DeploymentSummary[]> {
  const { db } = transaction;
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('app', '=', ending.app)
    .where('state', 'in', [...ending.states])
    .orderBy('seq')
    .execute();
  const ended: DeploymentSummary[] = [];
  for (const deployment of rows.map(toSummary)) {
    const reason = ending.problem(deployment);
    const state = advance(deployment.state, ending.to);
    await db
      .updateTable('deployments')
      .set((set) => ({ state, problem: toJson(reason), ended_at: ending.at, owner: null, fence: set('fence', '+', 1) }))
      .where('id', '=', deployment.id)
      .execute();
    ended.push({ ...deployment, state, problem: reason, endedAt: ending.at });
    const event: NewEvent = {
      at: ending.at,
      kind: `deployment.${ending.to}`,
      app: ending.app,
      host: null,
      deployment: deployment.id,
      cause: ending.cause,
      text: `Deployment of ${ending.app} release ${deployment.release} was ${ending.to}: ${reason.message}`,
    };
    await append(transaction, [event]);
  }
  return ended;
}
