/**
 * Hosts by wave and state beside the deployment, so that a list reads no steps; and an index for the deployments of an
 * app that have not ended, whose number does not grow with its history.
 */
import type { Kysely } from 'kysely';
import type { HostStepState } from '../../../fleet/deployment.ts';
import { addCounts } from '../../../fleet/deployment-summary.ts';
import type { StepCount } from '../../../fleet/deployment-summary.ts';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .alterTable('deployments')
    .addColumn('counts', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  const rows = await db
    .selectFrom('steps')
    .select((select) => ['deployment', 'wave', 'state', select.fn.countAll().as('hosts')])
    .groupBy(['deployment', 'wave', 'state'])
    .execute();
  const counts = new Map<string, StepCount[]>();
  for (const { deployment, wave, state, hosts } of rows) {
    const count = { wave: Number(wave), state: state as HostStepState, hosts: Number(hosts) };
    const known = counts.get(deployment);
    if (known === undefined) counts.set(deployment, [count]);
    else known.push(count);
  }
  for (const [id, found] of counts) {
    const text = JSON.stringify(addCounts(found, []));
    await db.updateTable('deployments').set({ counts: text }).where('id', '=', id).execute();
  }
  await db.schema.dropIndex('deployments_unended').execute();
  await db.schema.createIndex('deployments_state').on('deployments').columns(['state', 'app', 'seq']).execute();
}
