/**
 * Writing deployments: the enqueueing, the lease with its fencing token, and each step of a rollout whole. Every
 * write names the state it starts from, so that two writers never both believe they moved it.
 */
import { advance, hasEnded } from '../../../fleet/deployment.ts';
import type { Deployment, DeploymentState, HostStep } from '../../../fleet/deployment.ts';
import { LongshoreError, problem } from '../../../fleet/errors.ts';
import type { Problem } from '../../../fleet/errors.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import type { Cause, Release } from '../../../fleet/release.ts';
import { routeRefusal } from '../../placement/route-conflicts.ts';
import type { NewEvent, Placement } from '../records.ts';
import type { ReleaseStore, RolloutStore } from '../store.ts';
import { deployment as readDeployment, UNENDED, withSteps } from './deployments.ts';
import { append } from './events.ts';
import { app as readApp, forgetReleases, insertQuarantine, insertRelease, release as readRelease } from './releases.ts';
import { requireNoRestore } from './restores.ts';
import { conflictingRoutes } from './routed-apps.ts';
import { requireSecretVersions } from './secrets.ts';
import { targetsOfApp, writeTargets } from './targets.ts';
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
  const release = await takeRelease(transaction, args, newest ?? 0);
  await requireSecretVersions(transaction, release);
  await requireFreeRoutes(transaction, release, args.deployment.placement);
  if (args.releaseQuarantine) await releaseDigests(transaction, release);
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
  const { id, kind, cause, createdAt, placement, aborts } = args.deployment;
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
      problem: null,
      cause: toJson(cause),
      placement: toJson(placement),
      aborts: aborts ? 1 : 0,
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
  if (deployment === null) throw notFound(`read deployment ${id}: there is none`);
  return { release, deployment, superseded };
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

interface Ending {
  readonly app: AppName;
  readonly states: readonly DeploymentState[];
  readonly to: 'superseded' | 'cancelled';
  readonly at: number;
  readonly cause: Cause;
  readonly problem: (deployment: Deployment) => Problem;
}

/** Ends deployments from outside of their rollout. The fence rises, so that their owner's next write is refused. */
async function endUnended(transaction: Transaction, ending: Ending): Promise<readonly Deployment[]> {
  const { db } = transaction;
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('app', '=', ending.app)
    .where('state', 'in', [...ending.states])
    .orderBy('seq')
    .execute();
  const ended: Deployment[] = [];
  for (const deployment of await withSteps(transaction, rows)) {
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

export async function takeLease({ db }: Transaction, args: Args<'takeLease'>): Answer<'takeLease'> {
  const { id, owner, now, until } = args;
  const row = await db
    .selectFrom('deployments')
    .select(['owner', 'fence', 'lease_until', 'state'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound(`take deployment ${id}: there is none`);
  if (hasEnded(row.state as DeploymentState)) throw conflict(`change deployment ${id}: it has ended (${row.state})`);
  if (row.owner !== null && row.owner !== owner && Number(row.lease_until) > now) return null;
  const token = row.owner === owner ? Number(row.fence) : Number(row.fence) + 1;
  await db.updateTable('deployments').set({ owner, fence: token, lease_until: until }).where('id', '=', id).execute();
  return { owner, token };
}

export async function renewLeases({ db }: Transaction, args: Args<'renewLeases'>): Answer<'renewLeases'> {
  const held: DeploymentId[] = [];
  for (const id of args.ids) {
    const [changed] = await db
      .updateTable('deployments')
      .set({ lease_until: args.until })
      .where('id', '=', id)
      .where('owner', '=', args.owner)
      .where('state', 'in', [...UNENDED])
      .execute();
    if (changed !== undefined && changed.numUpdatedRows > 0n) held.push(id);
  }
  return held;
}

export async function applyRollout(transaction: Transaction, args: Args<'applyRollout'>): Answer<'applyRollout'> {
  const { db } = transaction;
  const { fence, expected, deployment } = args;
  await requireNoRestore(transaction, `write deployment ${deployment.id}`);
  if (deployment.state !== expected) {
    try {
      advance(expected, deployment.state);
    } catch (error) {
      throw conflict(`write deployment ${deployment.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [changed] = await db
    .updateTable('deployments')
    .set({
      base: deployment.base,
      state: deployment.state,
      wave: deployment.wave,
      waves: deployment.waves,
      problem: deployment.problem === null ? null : toJson(deployment.problem),
      started_at: deployment.startedAt,
      settled_at: deployment.settledAt,
      deadline_at: deployment.deadlineAt,
      ended_at: deployment.endedAt,
    })
    .where('id', '=', deployment.id)
    .where('state', '=', expected)
    .where('owner', '=', fence.owner)
    .where('fence', '=', fence.token)
    .execute();
  if (changed === undefined || changed.numUpdatedRows === 0n) {
    throw conflict(`write deployment ${deployment.id}: somebody else changed or took it meanwhile`);
  }
  await writeSteps(transaction, deployment.id, args.steps);
  await writeTargets(transaction, args.targets);
  await insertQuarantine(transaction, args.quarantine);
  if (expected !== 'succeeded' && deployment.state === 'succeeded') {
    const { app, release } = deployment;
    await db
      .updateTable('apps')
      .set({ succeeded: release, succeeded_by: deployment.id })
      .where('name', '=', app)
      .execute();
    // What waits begins from here: a rollback of it must not go past this release.
    await db
      .updateTable('deployments')
      .set({ base: release })
      .where('app', '=', app)
      .where('state', '=', 'queued')
      .execute();
  }
  await append(transaction, args.events);
}

async function writeSteps({ db }: Transaction, id: DeploymentId, steps: readonly HostStep[]): Promise<void> {
  for (const step of steps) {
    const value = {
      wave: step.wave,
      state: step.state,
      from_release: step.from,
      attempt: step.attempt,
      problem: step.problem === null ? null : toJson(step.problem),
      changed_at: step.changedAt,
    };
    await db
      .insertInto('steps')
      .values({ deployment: id, host: step.host, ...value })
      .onConflict((clash) => clash.columns(['deployment', 'host']).doUpdateSet(value))
      .execute();
  }
}

export async function removeApp(
  transaction: Transaction,
  args: Parameters<ReleaseStore['removeApp']>[0],
): ReturnType<ReleaseStore['removeApp']> {
  const { app, at } = args;
  const { db } = transaction;
  await requireNoRestore(transaction, `remove app ${app}`);
  const known = await readApp(transaction, { app });
  if (known?.removedAt !== null) throw notFound(`remove app ${app}: there is none`);
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
  await append(transaction, args.events);
  return { hosts, cancelled };
}
