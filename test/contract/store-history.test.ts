// What every implementation of the store port keeps of many deployments over many hosts.
import t from 'tap';
import type { Test } from 'tap';
import type { Store } from '../../coordinator/store/store.ts';
import type { HostStep } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import { aStep, appName, deploymentId, hostId } from '../support/app-builders.ts';
import { addHost, aTarget, enqueue, lease, move, WEB } from '../support/store-scenes.ts';
import { openInlineStore } from '../support/inline-store.ts';
import { storeKinds } from '../support/stores.ts';

/** 156,000 steps: more than a call may have arguments. */
const DEPLOYMENTS = 60;
const HOSTS = 2_600;

for (const kind of storeKinds) {
  const scene = (name: string, test: (t: Test, store: Store) => Promise<void>): void => {
    t.test(`${kind.name} store: ${name}`, { skip: kind.skip }, async (t) => {
      const { store, dispose } = await kind.open();
      t.teardown(dispose);
      await test(t, store);
    });
  };
  const writeSteps = async (store: Store, deployment: DeploymentSummary, steps: readonly HostStep[]): Promise<void> => {
    const { counts: _counts, ...head } = deployment;
    await store.applyRollout({
      fence: await lease(store, deployment.id),
      expected: deployment.state,
      deployment: head,
      steps,
      targets: [],
      quarantine: [],
      events: [],
    });
  };

  scene('the counts of a deployment are what its steps add up to', async (t, store) => {
    const { deployment } = await enqueue(store, { number: 1 });
    t.same(deployment.counts, []);
    const step = (host: number, state: HostStep['state'], wave = 1): HostStep =>
      aStep({ host: hostId(host), wave, state });
    await writeSteps(store, deployment, [
      step(1, 'passed', 0),
      step(2, 'moving'),
      step(3, 'moving'),
      step(4, 'waiting'),
    ]);
    await writeSteps(store, deployment, [step(2, 'failed'), step(3, 'passed')]);

    const found = await store.deployment({ id: deployment.id });
    t.same(found?.counts, [
      { wave: 0, state: 'passed', hosts: 1 },
      { wave: 1, state: 'failed', hosts: 1 },
      { wave: 1, state: 'waiting', hosts: 1 },
      { wave: 1, state: 'passed', hosts: 1 },
    ]);
    t.same((await store.listDeployments({ app: WEB, limit: 9, after: null })).items, [found]);
    t.same(await store.latestDeployments({ apps: [WEB] }), [found]);
    t.same(await store.unendedDeployments({ app: WEB }), [found]);
    t.same(await store.unendedDeployments({ app: appName('other') }), []);
  });

  scene('steps come in pages, by wave or state, and the most urgent ones at once', async (t, store) => {
    const { deployment } = await enqueue(store, { number: 1 });
    const states = ['passed', 'waiting', 'moving', 'failed'] as const;
    const steps = states.map((state, index) => aStep({ host: hostId(index + 1), wave: index % 2, state }));
    await writeSteps(store, deployment, steps);
    const all = { deployment: deployment.id, wave: null, state: null };
    const hostsOf = (found: readonly HostStep[]) => found.map(({ host }) => host);

    const first = await store.listSteps({ ...all, limit: 3, after: null });
    const second = await store.listSteps({ ...all, limit: 3, after: first.next });

    t.same([...first.items, ...second.items], steps);
    t.equal(second.next, null);
    const odd = await store.listSteps({ ...all, wave: 1, limit: 9, after: null });
    t.same(hostsOf(odd.items), [hostId(2), hostId(4)]);
    const failed = await store.listSteps({ ...all, state: 'failed', limit: 9, after: null });
    t.same(hostsOf(failed.items), [hostId(4)]);
    const notable = await store.notableSteps({ deployment: deployment.id, limit: 3 });
    t.same(hostsOf(notable), [hostId(3), hostId(2), hostId(4)], 'without the one that passed, by wave');
    const ofHost = await store.stepsOfHost({ host: hostId(3), deployments: [deployment.id, deploymentId(9)] });
    t.same(ofHost, { [deployment.id]: steps[2] });
  });

  scene('places are decided over what targets name, and not while a deployment is open', async (t, store) => {
    for (const number of [1, 2, 3, 4]) await addHost(store, number);
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
    const ended = async (number: number, state: 'cancelled' | 'superseded' | 'failed', host: number) => {
      const { deployment, release } = await enqueue(store, { number });
      const target = aTarget(hostId(host), release.number, { deployment: deploymentId(number), attempt: number });
      await move(store, deployment, ['rolling', state], [target]);
    };
    await ended(2, 'cancelled', 2);
    await ended(3, 'superseded', 3);
    await ended(4, 'failed', 2);
    const places = await store.loadPlaces({ app: WEB, deployment: deploymentId(1) });

    t.match(places, { release: { number: 1 }, lastAttempts: { [hostId(2)]: 4 } });
    t.same(places?.newer, [deploymentId(4)], 'neither what no target names, nor what was superseded');
    t.equal(places?.targets.length, 3);
    const fence = await lease(store, (await enqueue(store, { number: 6 })).deployment.id);
    const sixth = await store.deployment({ id: deploymentId(6) });
    if (sixth === null) throw new Error('nothing is queued');
    const write = { fence, quarantine: [], events: [] } as const;
    await store.applyRollout({
      ...write,
      expected: 'queued',
      deployment: { ...sixth, state: 'rolling' },
      steps: [aStep({ host: hostId(1), state: 'moving', attempt: 7 })],
      targets: [aTarget(hostId(1), sixth.release, { deployment: sixth.id, attempt: 7 })],
    });
    await store.applyRollout({
      ...write,
      expected: 'rolling',
      deployment: { ...sixth, state: 'succeeded', endedAt: 1 },
      steps: [],
      targets: [],
    });
    const judged = await store.loadPlaces({ app: WEB, deployment: sixth.id });
    t.same(judged?.placed, [hostId(2), hostId(3)], 'the step of its deployment names the attempt of host 1');
    await enqueue(store, { number: 5 });
    t.equal(await store.loadPlaces({ app: WEB, deployment: deploymentId(1) }), null);
  });

  scene('what a list answers does not grow with the number of hosts', async (t, store) => {
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling', 'succeeded']);
    for (let number = 2; number <= 4; number += 1) {
      const { deployment } = await enqueue(store, { number });
      const steps = Array.from({ length: 250 }, (_, host) => aStep({ host: hostId(host), wave: 0, state: 'passed' }));
      await writeSteps(store, deployment, steps);
      await move(store, deployment, ['cancelled']);
    }
    const listed = await store.listDeployments({ app: WEB, limit: 500, after: null });
    t.same(listed.items[0]?.counts, [{ wave: 0, state: 'passed', hosts: 250 }]);
    t.ok(JSON.stringify(listed).length < 4 * 1_000);
  });
}

t.test('SQLite store: more steps than a call may have arguments keep nobody from anything', async (t) => {
  const { store, exec, dispose } = await openInlineStore();
  t.teardown(dispose);
  const first = await enqueue(store, { number: 1 });
  await move(store, first.deployment, ['rolling', 'succeeded']);
  for (let number = 2; number <= DEPLOYMENTS; number += 1) {
    const { deployment } = await enqueue(store, { number });
    await move(store, deployment, ['cancelled']);
  }
  exec(`
    WITH RECURSIVE host(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM host WHERE n < ${HOSTS})
    INSERT INTO steps (deployment, host, wave, state, from_release, attempt, problem, changed_at)
    SELECT id, 'h-' || n, 0, 'passed', NULL, 1, NULL, 0 FROM deployments, host
  `);

  t.equal((await store.listDeployments({ app: WEB, limit: 500, after: null })).items.length, DEPLOYMENTS);
  t.match(await store.loadPlaces({ app: WEB, deployment: deploymentId(1) }), { newer: [] });
  t.equal((await store.latestDeployments({ apps: [WEB] })).length, 1);
  t.equal((await store.notableSteps({ deployment: deploymentId(2), limit: 100 })).length, 100);
});
