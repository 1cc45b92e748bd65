import { setImmediate as pause } from 'node:timers/promises';
import t from 'tap';
import type { Test } from 'tap';
import type { LiveHost } from '../../../../coordinator/ports.ts';
import { Rollouts } from '../../../../coordinator/rollout/rollouts.ts';
import type { RolloutsOptions } from '../../../../coordinator/rollout/rollouts.ts';
import type { Placement } from '../../../../coordinator/store/records.ts';
import { hasEnded } from '../../../../fleet/deployment.ts';
import type { Deployment } from '../../../../fleet/deployment.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { aDeployment, appName, aRelease, aStep, deploymentId, hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { FakeTimers } from '../../../support/fake-timers.ts';

const WEB = appName('web');
const ROLLING = aDeployment({
  state: 'rolling',
  startedAt: 0,
  wave: 0,
  waves: 1,
  steps: [aStep({ state: 'moving', attempt: 1 })],
});
const NEWER = aDeployment({ ...ROLLING, id: deploymentId(3), release: 3 });

/** One host that has never answered; the store answers at once, so all that is asked for is done in one turn of Node. */
class World {
  readonly deployments: Deployment[] = [];
  readonly faults: unknown[] = [];
  readonly rollouts: Rollouts;
  /** How often a loop has looked at the queue. */
  looks = 0;
  failures = 0;
  /** Why the store refuses what the pure decision wants; asked at each write. */
  refuse: (to: Deployment) => string | null = () => null;
  /** Wall clock, ms. */
  now = 0;

  /** Deciding takes no time by it, so nothing rests after a look. */
  readonly timers = new FakeTimers();

  constructor(t: Test) {
    const placement = { [hostId(1)]: { web: 1 } } as Placement;
    const store = {
      allHosts: async () => [aHostRow(1)],
      currentReleases: async () => [],
      deployment: async ({ id }: { readonly id: string }) => this.deployments.find((found) => found.id === id) ?? null,
      unendedDeployments: async () => {
        this.looks += 1;
        if ((this.failures -= 1) >= 0) throw new LongshoreError('STORE_UNAVAILABLE', 'read the deployments');
        return this.deployments.filter(({ state }) => !hasEnded(state));
      },
      takeLease: async () => ({}),
      loadRollout: async ({ id }: { readonly id: string }) => ({
        deployment: this.deployments.find((found) => found.id === id),
        release: aRelease(),
        base: null,
        placement,
        targets: [],
        lastAttempts: {},
      }),
      applyRollout: async ({ deployment }: { readonly deployment: Deployment }) => {
        const refusal = this.refuse(deployment);
        if (refusal !== null) throw new LongshoreError('CONFLICT', refusal);
        const index = this.deployments.findIndex(({ id }) => id === deployment.id);
        this.deployments[index] = deployment;
      },
    };
    this.rollouts = new Rollouts({
      imageVolumes: () => Promise.resolve([]),
      store: store as unknown as RolloutsOptions['store'],
      live: (): LiveHost | null => null,
      assignmentsChanged: () => undefined,
      onChanged: () => undefined,
      onEndedElsewhere: () => undefined,
      onFault: (error) => this.faults.push(error),
      owner: 'test',
      leaseMs: 30_000,
      startedAt: 0,
      now: () => this.now,
      timers: this.timers,
    });
    t.teardown(() => this.rollouts.stop());
  }

  async enqueue(deployment: Deployment): Promise<void> {
    this.deployments.push(deployment);
    this.rollouts.enqueued(deployment.app, []);
    await pause();
  }

  /** As the store does it. */
  removeApp(): void {
    this.deployments.splice(0);
  }

  async looksAfter(happens: () => void): Promise<number> {
    await pause();
    const before = this.looks;
    happens();
    await pause();
    return this.looks - before;
  }
}

/** Its newest deployment has ended, and a host still owes its answer. */
async function withLateHost(t: Test): Promise<World> {
  const world = new World(t);
  await world.enqueue(ROLLING);
  await world.rollouts.cancel(ROLLING.id, false, { kind: 'person', token: 'ada', note: null });
  await pause();
  return world;
}

t.test('rollouts: nothing turns a removed app, of which a host never answered', async (t) => {
  const world = await withLateHost(t);
  const { rollouts } = world;
  const connect = (): void => rollouts.connectionChanged(hostId(1));
  t.ok((await world.looksAfter(connect)) > 0, 'who comes back late is asked');

  world.removeApp();
  rollouts.appRemoved(WEB, []);

  t.equal(await world.looksAfter(connect), 0);
  t.equal(await world.looksAfter(() => rollouts.reported([WEB])), 0, 'nor does its late report');
  t.equal(await world.looksAfter(() => rollouts.fleetChanged()), 0);
  t.equal(await world.looksAfter(() => rollouts.reload()), 0, 'nothing of it is left');
  t.same(world.faults, []);
});

t.test('rollouts: an app that was removed is deployed again under its name', async (t) => {
  const world = await withLateHost(t);
  world.removeApp();
  world.rollouts.appRemoved(WEB, []);
  await pause();

  await world.enqueue(NEWER);
  world.rollouts.reported([WEB]);
  await pause();

  t.equal(world.rollouts.underWay(WEB)?.id, NEWER.id);
  t.same(world.faults, []);
});

t.test('rollouts: what was deployed before the removal is told of is not forgotten with it', async (t) => {
  const world = await withLateHost(t);
  world.removeApp();
  world.deployments.push(NEWER);
  world.rollouts.enqueued(WEB, []);
  world.rollouts.appRemoved(WEB, []);
  await pause();

  t.equal(world.rollouts.underWay(WEB)?.id, NEWER.id);
  t.ok((await world.looksAfter(() => world.rollouts.reload())) > 0);
});

t.test('rollouts: nor where the store could not be read just then', async (t) => {
  const world = await withLateHost(t);
  world.removeApp();
  world.deployments.push(NEWER);
  world.failures = 1;
  world.rollouts.appRemoved(WEB, []);
  await pause();
  t.match(world.faults, [{ code: 'STORE_UNAVAILABLE' }]);

  await world.timers.advanceTo(5_000, pause);
  t.equal(world.rollouts.underWay(WEB)?.id, NEWER.id);
});

t.test(
  'rollouts: a deployment whose changes are refused again and again is ended as failed, with the reason',
  async (t) => {
    const world = new World(t);
    const { timers } = world;
    world.refuse = (to) => (to.state === 'failed' ? null : 'write it: no');
    await world.enqueue({ ...ROLLING, state: 'queued', steps: [] });
    for (let second = 0; second < 10; second += 1) await timers.advanceTo(timers.monotonicMs() + 1_000, pause);

    const [deployment] = world.deployments;
    t.match(deployment, { state: 'failed', problem: { code: 'DEPLOYMENT_FAILED' } });
    t.match(deployment?.problem?.message, 'write it: no');
    t.match(world.faults, [{ code: 'CONFLICT' }], 'and the log names it once');
  },
);

t.test('rollouts: one refusal is a race that was lost, and is tried again in silence', async (t) => {
  const world = new World(t);
  const { timers } = world;
  let refusals = 1;
  world.refuse = () => ((refusals -= 1) >= 0 ? 'somebody was quicker' : null);
  await world.enqueue({ ...ROLLING, state: 'queued', steps: [] });
  await timers.advanceTo(2_000, pause);

  t.equal(world.deployments[0]?.state, 'rolling');
  t.same(world.faults, []);
});
