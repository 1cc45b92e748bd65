/**
 * Whose credential a host needs: the registries of the images that it runs, that a deployment under way will bring, and
 * that it would go back to. A credential opens everything that its registry holds, so no other host gets it.
 */
import type { AppSpec } from '../../../fleet/app-spec.ts';
import type { HostId } from '../../../fleet/ids.ts';
import { parseImageReference, registryOfKey } from '../../../fleet/image-reference.ts';
import type { Placement } from '../records.ts';
import type { SecretStore } from '../store.ts';
import { UNENDED } from './deployments.ts';
import { registries } from './secrets.ts';
import { fromJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args = Parameters<SecretStore['registriesForHost']>[0];
type Replicas = Readonly<Record<string, number>>;

export async function registriesForHost(
  transaction: Transaction,
  { host }: Args,
): ReturnType<SecretStore['registriesForHost']> {
  const stored = await registries(transaction);
  if (stored.length === 0) return [];
  const needed = new Set<string>();
  const need = (specText: string, replicas: Replicas | null): void => {
    for (const [service, { image }] of Object.entries(fromJson<AppSpec>(specText).services))
      if (replicas === null || (replicas[service] ?? 0) > 0) needed.add(parseImageReference(image.reference).registry);
  };
  for (const row of await targetSpecs(transaction, host)) need(row.spec, fromJson<Replicas>(row.replicas));
  // Where it would go back to, what it runs of each service may be other than now.
  for (const row of await servingSpecs(transaction, host)) need(row.spec, null);
  for (const row of await comingSpecs(transaction)) {
    const replicas = fromJson<Placement>(row.placement)[host];
    if (replicas !== undefined) need(row.spec, replicas);
  }
  return stored.filter(({ registry }) => needed.has(registryOfKey(registry)));
}

function targetSpecs({ db }: Transaction, host: HostId) {
  return db
    .selectFrom('targets')
    .innerJoin('releases', (join) =>
      join.onRef('releases.app', '=', 'targets.app').onRef('releases.number', '=', 'targets.release'),
    )
    .select(['releases.spec', 'targets.replicas'])
    .where('targets.host', '=', host)
    .where('targets.kind', '=', 'run')
    .execute();
}

/** The releases that serve of the apps that the host has, where those are others than its targets. */
function servingSpecs({ db }: Transaction, host: HostId) {
  return db
    .selectFrom('targets')
    .innerJoin('apps', 'apps.name', 'targets.app')
    .innerJoin('releases', (join) =>
      join.onRef('releases.app', '=', 'apps.name').onRef('releases.number', '=', 'apps.succeeded'),
    )
    .select('releases.spec')
    .where('targets.host', '=', host)
    .where('targets.kind', '=', 'run')
    .whereRef('apps.succeeded', '!=', 'targets.release')
    .execute();
}

function comingSpecs({ db }: Transaction) {
  return db
    .selectFrom('deployments')
    .innerJoin('releases', (join) =>
      join.onRef('releases.app', '=', 'deployments.app').onRef('releases.number', '=', 'deployments.release'),
    )
    .select(['releases.spec', 'deployments.placement'])
    .where('deployments.state', 'in', [...UNENDED])
    .execute();
}
