/** What tests of the store put into it: hosts, releases and deployments, in the calls that the product makes. */
import type { DeploymentState } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { Cause, Release } from '../../fleet/release.ts';
import type { Fence, HostRow, NewEvent, Placement, TargetWrite } from '../../coordinator/store/records.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { anAppSpec, appName, deploymentId, hostId, specHash } from './app-builders.ts';

export const PERSON: Cause = { kind: 'person', token: 'ada', note: null };
export const WEB = appName('web');

export const anEvent = (fields: Partial<NewEvent> = {}): NewEvent => ({
  at: 1_000,
  kind: 'test.happened',
  app: null,
  host: null,
  deployment: null,
  cause: PERSON,
  text: 'something happened',
  ...fields,
});

export async function addEnrollToken(
  store: Store,
  id: string,
  kind: 'once' | 'pool',
  fields: { expiresAt?: number; pool?: string; labels?: Record<string, string> } = {},
): Promise<string> {
  const hash = `hash-of-${id}`;
  const { expiresAt = null, pool = null, labels = {} } = fields;
  await store.insertEnrollToken({ token: { id, kind, pool, labels, hash, createdAt: 0, expiresAt }, events: [] });
  return hash;
}

/** A host with the id `hostId(number)`, enrolled with a pool token of its own. */
export async function addHost(
  store: Store,
  number: number,
  fields: { name?: string; labels?: Record<string, string>; pool?: string } = {},
): Promise<HostRow> {
  const tokenHash = await addEnrollToken(
    store,
    `t${number}`,
    'pool',
    fields.pool === undefined ? {} : { pool: fields.pool },
  );
  return store.enrollHost({
    tokenHash,
    at: 1_000,
    host: {
      id: hostId(number),
      name: fields.name ?? `host-${number}`,
      publicKey: `public-${number}`,
      sealingKey: `sealing-${number}`,
      labels: fields.labels ?? {},
      platform: 'linux/amd64',
    },
  });
}

export interface DeploymentScene {
  readonly number: number;
  readonly app?: AppName;
  readonly placement?: Placement;
  readonly release?: Partial<Omit<Release, 'number' | 'app'>>;
  readonly kept?: number;
  readonly keepReleases?: number;
  readonly events?: readonly NewEvent[];
  readonly releaseQuarantine?: boolean;
  readonly cause?: Cause;
  readonly aborts?: boolean;
}

/** Enqueues a deployment with the id `deploymentId(number)`, on what the store says now. */
export async function enqueue(
  store: Store,
  scene: DeploymentScene,
): Promise<{ release: Release; deployment: DeploymentSummary; superseded: readonly DeploymentSummary[] }> {
  const app = scene.app ?? WEB;
  const known = await store.app({ app });
  return store.createDeployment({
    app,
    source:
      scene.kept === undefined
        ? {
            kind: 'new',
            release: {
              spec: anAppSpec({ name: app }),
              hashes: { web: specHash('a') },
              secretVersions: {},
              cause: PERSON,
              createdAt: 1_000,
              ...scene.release,
            },
          }
        : { kind: 'kept', number: scene.kept },
    deployment: {
      id: deploymentId(scene.number),
      kind: scene.kept === undefined ? 'deploy' : 'rollback',
      cause: scene.cause ?? PERSON,
      createdAt: 1_000 + scene.number,
      aborts: scene.aborts ?? false,
      placement: scene.placement ?? {},
    },
    expected: {
      succeeded: known?.succeeded ?? null,
      newest: known === null || known.newest === 0 ? null : known.newest,
    },
    releaseQuarantine: scene.releaseQuarantine ?? false,
    keepReleases: scene.keepReleases ?? 20,
    events: scene.events ?? [],
  });
}

export async function lease(store: Store, id: DeploymentId, owner = 'one'): Promise<Fence> {
  const fence = await store.takeLease({ id, owner, now: 1_000, until: 2_000 });
  if (fence === null) throw new Error(`the lease of ${id} is held by another`);
  return fence;
}

/** Moves a deployment from state to state, as its rollout would. */
export async function move(
  store: Store,
  deployment: DeploymentSummary,
  states: readonly DeploymentState[],
  targets: readonly TargetWrite[] = [],
): Promise<DeploymentSummary> {
  const fence = await lease(store, deployment.id);
  let current = deployment;
  for (const state of states) {
    const { counts: _counts, ...head } = { ...current, state, endedAt: state === 'rolling' ? null : 5_000 };
    await store.applyRollout({
      fence,
      expected: current.state,
      deployment: head,
      steps: [],
      targets: state === states[0] ? targets : [],
      quarantine: [],
      events: [],
    });
    current = { ...current, ...head };
  }
  return current;
}

export const aTarget = (
  host: HostId,
  release: number,
  fields: Partial<Extract<TargetWrite, { kind: 'run' }>> = {},
): Extract<TargetWrite, { kind: 'run' }> => ({
  kind: 'run',
  host,
  app: WEB,
  release,
  deployment: deploymentId(1),
  attempt: 1,
  rollback: false,
  replicas: { web: 1 },
  ...fields,
});
