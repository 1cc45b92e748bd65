// Hosts whose machines power off, over a whole coordinator: what can move goes, the rest stays, and the next boot ends it.
import t from 'tap';
import { anAppSpec, appName, aService, aPolicy } from '../../support/app-builders.ts';
import { HubWorld, type EnrolledHost } from '../../support/hub-world.ts';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import type { FakeAgent } from '../../support/fake-agent.ts';

const world = await HubWorld.open();
t.teardown(() => world.close());

const inBoot = (host: EnrolledHost, boot: string): FakeAgent =>
  world.agent(host, { hello: (hello) => ({ ...hello, boot }) });
const availability = async (host: EnrolledHost): Promise<string> => {
  const row = await world.store.host({ id: host.row.id });
  return `${row?.availability ?? ''}${row?.poweringOff === true ? ' (power-off)' : ''}`;
};
const placesOf = async (app: string): Promise<readonly string[]> => {
  const targets = await world.store.targetsOfApp({ app: appName(app) });
  return targets.flatMap((target) => (target.kind === 'run' ? [target.host] : [])).sort();
};
async function powersOff(agent: FakeAgent): Promise<void> {
  agent.send({ kind: 'power-off' });
  await agent.waitFor('power-off-noted');
}
async function enroll(name: string): Promise<EnrolledHost> {
  return world.enroll(name);
}

t.test('power-off: the host drains with its cause, and the next boot makes it active again', async (t) => {
  const host = await enroll('p-a');
  const agent = inBoot(host, 'boot-1');
  await agent.connect();
  await powersOff(agent);
  t.equal(await availability(host), 'draining (power-off)');
  const kind = (wanted: string) =>
    world.store
      .listEvents({
        limit: 9,
        after: null,
        app: null,
        host: host.row.id,
        kind: wanted,
        deployment: null,
        order: 'oldest',
      })
      .then(({ items }) => items.map(({ text, cause }) => [text, cause]));
  t.match(await kind('host.draining'), [
    [/its machine powers off/, { kind: 'host', host: 'p-a', detail: 'power-off' }],
  ]);

  await agent.close();
  await inBoot(host, 'boot-1').connect();
  t.equal(await availability(host), 'draining (power-off)', 'the same boot is not back yet');
  await inBoot(host, 'boot-2').connect();

  t.equal(await availability(host), 'active');
  t.match(await kind('host.activated'), [[/back after its power-off/]]);
});

t.test('power-off: what a person decided is not undone', async (t) => {
  const host = await enroll('p-b');
  const decide = (state: 'active' | 'paused' | 'draining') =>
    world.store.patchHost({ id: host.row.id, availability: state, labels: null, name: null, events: [] });
  for (const state of ['paused', 'draining'] as const) {
    await decide(state);
    const agent = inBoot(host, `before-${state}`);
    await agent.connect();
    await powersOff(agent);
    t.equal(await availability(host), state);
    await agent.close();
    const next = inBoot(host, `after-${state}`);
    await next.connect();
    t.equal(await availability(host), state, 'nor by the next boot');
    await next.close();
  }
  await decide('active');
  const agent = inBoot(host, 'one');
  await agent.connect();
  await powersOff(agent);
  await decide('draining');
  await agent.close();
  await inBoot(host, 'two').connect();
  t.equal(await availability(host), 'draining', 'a person drained it meanwhile');
});

t.test('power-off: replicas that others can take move; data, and what has no other place, stays', async (t) => {
  const [a, b] = [await enroll('q-a'), await enroll('q-b')];
  const hosts = { labels: {}, pools: [], names: ['q-a', 'q-b'] };
  const rollout = aPolicy({ waves: [{ kind: 'count', hosts: 2 }] });
  const spec = (name: string, service: Parameters<typeof aService>[0], more: Partial<AppSpec> = {}): AppSpec =>
    anAppSpec({ name: appName(name), hosts, rollout, services: { web: aService(service) }, ...more });
  const agents = [inBoot(a, 'a-1'), inBoot(b, 'b-1')];
  await Promise.all(agents.map((agent) => agent.connect()));
  const [agentA] = agents;
  if (agentA === undefined) throw new Error('no agent');
  const volume = { kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false };
  for (const app of [
    spec('moves', { replicas: 1 }),
    spec('keeps-data', { replicas: 1, mounts: [volume] }),
    spec('everywhere', { replicas: null }),
  ])
    await world.waitFor((await world.deploy([a], app)).id);
  const [idA, idB] = [a.row.id, b.row.id];
  await world.until(async () => ((await placesOf('everywhere')).length === 2 ? true : null));

  await powersOff(agentA);

  await world.until(async () => ((await placesOf('moves')).join() === idB ? true : null));
  t.same(await placesOf('keeps-data'), [idA]);
  t.same(await placesOf('everywhere'), [idA, idB].sort());
});
