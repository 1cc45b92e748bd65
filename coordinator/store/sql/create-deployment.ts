/** Enqueueing: the release, its deployment and what it supersedes are written in one transaction. */
import { LongshoreError, problem } from '../../../fleet/errors.ts';
import type { AppName } from '../../../fleet/ids.ts';
import type { Release } from '../../../fleet/release.ts';
import { routeRefusal } from '../../placement/route-conflicts.ts';
import type { Placement } from '../records.ts';
import type { RolloutStore } from '../store.ts';
import { deployment as readDeployment, unendedDeployments } from './deployments.ts';
import { endUnended } from './end-deployments.ts';
import { append } from './events.ts';
import { forgetReleases } from './forget-releases.ts';
import { updateHeld } from './held-digests.ts';
import { app as readApp, insertRelease, release as readRelease } from './releases.ts';
import { requireNoRestore } from './restores.ts';
import { conflictingRoutes } from './routed-apps.ts';
import { requireSecretVersions } from './secrets.ts';
import { conflict, nextNumber, notFound, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof RolloutStore> = Parameters<RolloutStore[K]>[0];
type Answer<K extends keyof RolloutStore> = ReturnType<RolloutStore[K]>;

export async function createDeployment(
  transaction: Transaction,
  args: Args<'createDeployment'>,
): Answer<'createDeployment'> {
  const { app, expected } = args;
  await requireNoRestore(transaction, `deploy ${app}`);
  const known = await readApp(transaction, { app });
  const succeeded = known?.succeeded ?? null;
  const newest = known === null || known.newest === 0 ? null : known.newest;
  if (succeeded !== expected.succeeded || newest !== expected.newest) {
    throw conflict(
      `deploy ${app}: it changed meanwhile (release ${String(newest)}, last succeeded ${String(succeeded)})`,
    );
  }
  if (expected.idle === true) await requireIdle(transaction, app);
  const release = await takeRelease(transaction, args, newest ?? 0);
  await requireSecretVersions(transaction, release);
  await requireFreeRoutes(transaction, release, args.deployment.placement);
  if (args.releaseQuarantine) await releaseDigests(transaction, release);
  await updateHeld(transaction, release, args.deployment);
  const superseded = await endUnended(transaction, {
    app,
    states: ['queued'],
    to: 'superseded',
    at: args.deployment.createdAt,
    cause: args.deployment.cause,
    problem: (old) =>
      problem(
        'DEPLOYMENT_SUPERSEDED',
        `deploy ${app} release ${old.release}: release ${release.number} took its place in the queue`,
      ),
  });
  const { id, kind, cause, createdAt, placement, aborts, restarts } = args.deployment;
  await transaction.db
    .insertInto('deployments')
    .values({
      id,
      seq: await nextNumber(transaction, 'deployments'),
      app,
      release: release.number,
      base: succeeded,
      kind,
      state: 'queued',
      wave: -1,
      waves: 0,
      once: null,
      counts: '[]',
      problem: null,
      cause: toJson(cause),
      placement: toJson(placement),
      aborts: aborts ? 1 : 0,
      by_hand: 0,
      restarts: restarts === undefined ? null : toJson(restarts),
      created_at: createdAt,
      started_at: null,
      settled_at: null,
      deadline_at: null,
      ended_at: null,
      owner: null,
      fence: 0,
      lease_until: 0,
    })
    .execute();
  await forgetReleases(transaction, app, args.keepReleases);
  await append(
    transaction,
    args.events.map((event) => ({ ...event, text: event.text.replaceAll('{release}', String(release.number)) })),
  );
  const deployment = await readDeployment(transaction, { id });
  if (deployment === null) throw notFound(`read deployment ${id}: not found`);
  return { release, deployment, superseded };
}

/** @throws CONFLICT */
async function requireIdle(transaction: Transaction, app: AppName): Promise<void> {
  const [underWay] = await unendedDeployments(transaction, { app });
  if (underWay !== undefined) throw conflict(`deploy ${app}: deployment ${underWay.id} is ${underWay.state}`);
}

/** The plan has looked, but another app may have been deployed since. */
async function requireFreeRoutes(transaction: Transaction, release: Release, placement: Placement): Promise<void> {
  const { app, spec } = release;
  const refusal = routeRefusal(app, await conflictingRoutes(transaction, { app, spec, placement }), new Map());
  if (refusal !== null) throw new LongshoreError(refusal.code, refusal.message, { details: refusal.details });
}

async function takeRelease(transaction: Transaction, args: Args<'createDeployment'>, newest: number): Promise<Release> {
  const { app, source } = args;
  if (source.kind === 'kept') {
    const kept = await readRelease(transaction, { app, number: source.number });
    if (kept === null) throw notFound(`deploy ${app} release ${source.number}: it is not kept`);
    return kept;
  }
  const release: Release = { ...source.release, app, number: newest + 1 };
  const value = { newest: release.number, removed_at: null };
  await transaction.db
    .insertInto('apps')
    .values({ name: app, ...value, succeeded: null, succeeded_by: null, created_at: release.createdAt })
    .onConflict((clash) => clash.column('name').doUpdateSet(value))
    .execute();
  await insertRelease(transaction, release);
  return release;
}

async function releaseDigests({ db }: Transaction, release: Release): Promise<void> {
  for (const service of Object.values(release.spec.services)) {
    if (service.image.digest === null) continue;
    await db
      .deleteFrom('quarantine')
      .where('app', '=', release.app)
      .where('digest', '=', service.image.digest)
      .execute();
  }
}
