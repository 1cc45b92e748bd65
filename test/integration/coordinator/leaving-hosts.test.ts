// Hosts that a newer release does not name any more: the app goes from them last, and only after it succeeded.
import t from 'tap';
import type { CoordinatorMessage } from '../../../protocol/agent-messages.ts';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import { aPolicy, anAppSpec, appName } from '../../support/app-builders.ts';
import type { Verdict } from '../../support/fake-agent.ts';
import { HubWorld } from '../../support/hub-world.ts';

const world = await HubWorld.open();
t.teardown(() => world.close());

const onHosts = (name: string, ...hosts: readonly string[]): AppSpec =>
  anAppSpec({
    name: appName(name),
    hosts: { labels: {}, pools: [], names: hosts },
    rollout: aPolicy({ waves: [{ kind: 'count', hosts: 1 }] }),
  });
const saysRemove = (app: string) => (message: CoordinatorMessage) =>
  message.kind === 'assignment' &&
  message.assignment.entries.some((entry) => entry.kind === 'remove' && entry.app === app);

t.test('leaving: a narrowed selector removes the app from the others, after the rest has succeeded', async (t) => {
  const hosts = await Promise.all(['n-a', 'n-b', 'n-c'].map((name) => world.enroll(name)));
  const [a, b, c] = hosts;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three hosts');
  let hold: (() => void) | null = null;
  const held = new Promise<void>((resolve) => (hold = resolve));
  const agents = [a, b, c].map((host) =>
    world.agent(host, {
      decide: async (entry): Promise<Verdict> => {
        if (entry.release === 2) await held;
        return 'pass';
      },
    }),
  );
  const [agentA, agentB, agentC] = agents;
  await Promise.all(agents.map((agent) => agent.connect()));
  await world.waitFor((await world.deploy(hosts, onHosts('narrow', 'n-a', 'n-b', 'n-c'))).id);

  const { id } = await world.deploy([a, b], onHosts('narrow', 'n-a', 'n-b'));
  await world.until(() => (agents.some((agent) => agent.attempts.some((entry) => entry.release === 2)) ? true : null));
  t.match(
    (await world.store.targetsOfApp({ app: appName('narrow') })).find((target) => target.host === c.row.id),
    { kind: 'run', release: 1 },
    'while it moves, the host that will leave serves',
  );
  t.notOk(agentC?.received.some(saysRemove('narrow')));
  (hold as (() => void) | null)?.();

  t.equal((await world.waitFor(id)).state, 'succeeded');
  await agentC?.waitFor(saysRemove('narrow'));
  await world.until(() => (agentC?.assignment?.entries.length === 0 ? true : null));
  t.equal(agentC?.apps.narrow?.removed, true);
  t.same([agentA?.apps.narrow?.release, agentB?.apps.narrow?.release], [2, 2]);
  const { items } = await world.store.listEvents({
    limit: 100,
    after: null,
    app: appName('narrow'),
    host: null,
    kind: null,
    deployment: null,
    order: 'newest',
  });
  t.match(
    items.find((event) => event.kind === 'app.leaves-host'),
    { host: c.row.id, text: /not selected/ },
  );
});

t.test('leaving: a release that goes back has removed the app from nobody', async (t) => {
  const hosts = await Promise.all(['r-a', 'r-b'].map((name) => world.enroll(name)));
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two hosts');
  const agents = [a, b].map((host) =>
    world.agent(host, { decide: (entry) => (entry.release === 2 ? 'fail' : 'pass') }),
  );
  await Promise.all(agents.map((agent) => agent.connect()));
  await world.waitFor((await world.deploy(hosts, onHosts('broken-narrow', 'r-a', 'r-b'))).id);

  const { id } = await world.deploy([a], onHosts('broken-narrow', 'r-a'));
  t.equal((await world.waitFor(id)).state, 'rolled_back');
  // The fleet is looked at after the end: another app's answer to a look that is asked for now comes after it.
  await world.waitFor((await world.deploy(hosts, onHosts('behind', 'r-a', 'r-b'))).id);
  const targets = await world.store.targetsOfApp({ app: appName('broken-narrow') });
  t.same(
    targets.map((target) => (target.kind === 'run' ? target.release : target.kind)),
    [1, 1],
  );
  t.notOk(agents.some((agent) => agent.received.some(saysRemove('broken-narrow'))));
  t.same(
    agents.map((agent) => agent.apps['broken-narrow']?.release),
    [1, 1],
  );
});

t.test('leaving: an app loses a host whose label changed', async (t) => {
  const hosts = await Promise.all(['l-a', 'l-b'].map((name) => world.enroll(name)));
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two hosts');
  for (const { row } of hosts)
    await world.store.patchHost({ id: row.id, availability: null, labels: { tier: 'web' }, name: null, events: [] });
  world.rollouts.fleetChanged();
  const agents = [a, b].map((host) => world.agent(host));
  const [agentA, agentB] = agents;
  await Promise.all(agents.map((agent) => agent.connect()));
  const spec = anAppSpec({ name: appName('labelled'), hosts: { labels: { tier: ['web'] }, pools: [], names: [] } });
  await world.waitFor((await world.deploy(hosts, spec)).id);

  await world.store.patchHost({ id: b.row.id, availability: null, labels: { tier: 'db' }, name: null, events: [] });
  world.rollouts.fleetChanged();
  await agentB?.waitFor(saysRemove('labelled'));
  await world.until(() => (agentB?.assignment?.entries.length === 0 ? true : null));
  t.equal(agentA?.apps.labelled?.release, 1);
  t.same(world.faults, []);
});
