/**
 * Held digests: a person's rollback holds every other known digest of the app, so that no schedule undoes it. What a
 * person deploys is held no more, and a newer image that succeeds ends the hold of its service.
 */
import type { DeploymentHead } from '../../../fleet/deployment-summary.ts';
import type { Cause, Release } from '../../../fleet/release.ts';
import type { AppName, DeploymentId } from '../../../fleet/ids.ts';
import { heldNoMoreText, heldText } from '../../release/held-updates.ts';
import type { NewDeployment, NewQuarantine } from '../records.ts';
import { append } from './events.ts';
import { insertQuarantine, quarantine, release as readRelease } from './releases.ts';
import { fromJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

export async function updateHeld(transaction: Transaction, release: Release, deployment: NewDeployment): Promise<void> {
  const { id, createdAt, cause } = deployment;
  if (cause.kind !== 'person') return;
  const { db } = transaction;
  const { app } = release;
  const known = await quarantine(transaction, { app });
  const ended: string[] = [];
  for (const [service, { image }] of Object.entries(release.spec.services)) {
    if (image.digest === null) continue;
    const [deleted] = await db
      .deleteFrom('quarantine')
      .where('app', '=', app)
      .where('service', '=', service)
      .where('digest', '=', image.digest)
      .where('kind', '=', 'held')
      .execute();
    if ((deleted?.numDeletedRows ?? 0n) > 0n) ended.push(service);
  }
  if (deployment.kind !== 'rollback') {
    const why = `${cause.token} deploys release ${release.number}`;
    if (ended.length > 0)
      await tell(transaction, { app, id, at: createdAt, cause }, 'updates.resumed', heldNoMoreText(app, ended, why));
    return;
  }
  const rows = await db.selectFrom('releases').select('spec').where('app', '=', app).execute();
  const held = new Map<string, NewQuarantine>();
  for (const row of rows) {
    const spec: Release['spec'] = fromJson(row.spec);
    for (const [service, { image }] of Object.entries(spec.services)) {
      const { digest } = image;
      if (digest === null || digest === release.spec.services[service]?.image.digest) continue;
      const reason = `${cause.token} rolled ${app} back to release ${release.number}`;
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
  const isKnown = new Set(known.map(({ service, digest }) => `${service} ${digest}`));
  const fresh = [...held].filter(([key]) => !isKnown.has(key)).map(([, row]) => row);
  if (fresh.length > 0)
    await tell(transaction, { app, id, at: createdAt, cause }, 'updates.held', heldText(app, fresh));
}

async function tell(
  transaction: Transaction,
  {
    app,
    id,
    at,
    cause,
  }: { readonly app: AppName; readonly id: DeploymentId; readonly at: number; readonly cause: Cause },
  kind: string,
  text: string,
): Promise<void> {
  await append(transaction, [{ at, kind, app, host: null, deployment: id, cause, text }]);
}

/** A release with another image has succeeded: what was held of that service is the past. */
export async function endHolds(
  transaction: Transaction,
  { app, id, kind, release, base, endedAt }: DeploymentHead,
): Promise<void> {
  if (kind === 'rollback' || base === null) return;
  const now = await readRelease(transaction, { app, number: release });
  const before = await readRelease(transaction, { app, number: base });
  const ended: string[] = [];
  for (const [service, { image }] of Object.entries(now?.spec.services ?? {})) {
    if (image.digest === before?.spec.services[service]?.image.digest) continue;
    const [deleted] = await transaction.db
      .deleteFrom('quarantine')
      .where('app', '=', app)
      .where('service', '=', service)
      .where('kind', '=', 'held')
      .execute();
    if ((deleted?.numDeletedRows ?? 0n) > 0n) ended.push(service);
  }
  if (ended.length === 0) return;
  const cause = { kind: 'coordinator', detail: `rollout of ${id}` } as const;
  const text = heldNoMoreText(app, ended, `release ${release} with a newer image has succeeded`);
  await tell(transaction, { app, id, at: endedAt ?? 0, cause }, 'updates.resumed', text);
}
