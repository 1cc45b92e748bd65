/**
 * Held digests: a person's rollback holds every other known digest of the app, so that no schedule undoes it. What a
 * person deploys is held no more, and a newer image that succeeds ends the hold of its service.
 */
import type { Release } from '../../../fleet/release.ts';
import type { DeploymentHead } from '../../../fleet/deployment-summary.ts';
import type { NewDeployment, NewQuarantine } from '../records.ts';
import { insertQuarantine, release as readRelease } from './releases.ts';
import { fromJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

export async function updateHeld(transaction: Transaction, release: Release, deployment: NewDeployment): Promise<void> {
  if (deployment.cause.kind !== 'person') return;
  const { db } = transaction;
  const { app } = release;
  for (const [service, { image }] of Object.entries(release.spec.services)) {
    if (image.digest === null) continue;
    await db
      .deleteFrom('quarantine')
      .where('app', '=', app)
      .where('service', '=', service)
      .where('digest', '=', image.digest)
      .where('kind', '=', 'held')
      .execute();
  }
  if (deployment.kind !== 'rollback') return;
  const rows = await db.selectFrom('releases').select('spec').where('app', '=', app).execute();
  const held = new Map<string, NewQuarantine>();
  for (const row of rows) {
    const spec: Release['spec'] = fromJson(row.spec);
    for (const [service, { image }] of Object.entries(spec.services)) {
      const { digest } = image;
      if (digest === null || digest === release.spec.services[service]?.image.digest) continue;
      const reason = `${deployment.cause.token} rolled ${app} back to release ${release.number}`;
      const { id, createdAt } = deployment;
      held.set(`${service} ${digest}`, {
        kind: 'held',
        app,
        service,
        digest,
        reason,
        since: createdAt,
        deployment: id,
      });
    }
  }
  await insertQuarantine(transaction, [...held.values()]);
}

/** A release with another image has succeeded: what was held of that service is the past. */
export async function endHolds(transaction: Transaction, { app, kind, release, base }: DeploymentHead): Promise<void> {
  if (kind === 'rollback' || base === null) return;
  const now = await readRelease(transaction, { app, number: release });
  const before = await readRelease(transaction, { app, number: base });
  for (const [service, { image }] of Object.entries(now?.spec.services ?? {})) {
    if (image.digest === before?.spec.services[service]?.image.digest) continue;
    await transaction.db
      .deleteFrom('quarantine')
      .where('app', '=', app)
      .where('service', '=', service)
      .where('kind', '=', 'held')
      .execute();
  }
}
