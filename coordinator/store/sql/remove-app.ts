/** Removing an app: its deployments are cancelled and every host is asked to remove it, in one transaction. */
import { problem } from '../../../fleet/errors.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { ReleaseStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { endUnended } from './end-deployments.ts';
import { append } from './events.ts';
import { app as readApp } from './releases.ts';
import { requireNoRestore } from './restores.ts';
import { targetsOfApp, writeTargets } from './targets.ts';
import { notFound } from './transaction.ts';
import type { Transaction } from './transaction.ts';

export async function removeApp(
  transaction: Transaction,
  args: Parameters<ReleaseStore['removeApp']>[0],
): ReturnType<ReleaseStore['removeApp']> {
  const { app, at } = args;
  const { db } = transaction;
  await requireNoRestore(transaction, `remove app ${app}`);
  const known = await readApp(transaction, { app });
  if (known?.removedAt !== null) throw notFound(`remove app ${app}: not found`);
  const cancelled = await endUnended(transaction, {
    app,
    states: UNENDED,
    to: 'cancelled',
    at,
    cause: args.events[0]?.cause ?? { kind: 'coordinator', detail: 'the app was removed' },
    problem: (old) => problem('DEPLOYMENT_CANCELLED', `deploy ${app} release ${old.release}: the app was removed`),
  });
  const targets = await targetsOfApp(transaction, { app });
  const hosts: HostId[] = targets.map((target) => target.host);
  await writeTargets(
    transaction,
    hosts.map((host) => ({ kind: 'remove', host, app, volumes: args.volumes })),
  );
  await db.deleteFrom('quarantine').where('app', '=', app).execute();
  await db
    .updateTable('apps')
    .set({ removed_at: at, succeeded: null, succeeded_by: null })
    .where('name', '=', app)
    .execute();
  if (args.secrets) {
    await db.updateTable('secrets').set({ removed: 1 }).where('app', '=', app).execute();
    await db.deleteFrom('secret_versions').where('app', '=', app).execute();
  }
  await append(transaction, args.events);
  return { hosts, cancelled };
}
