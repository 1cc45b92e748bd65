import t from 'tap';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import { LongshoreError, problem } from '../../../fleet/errors.ts';
import { aPolicy, anAppSpec, appName } from '../../support/app-builders.ts';
import { HubWorld } from '../../support/hub-world.ts';

const world = await HubWorld.open();
t.teardown(() => world.close());

/** An app of its own for each test, canary first. */
const canary = (name: string): AppSpec =>
  anAppSpec({ name: appName(name), rollout: aPolicy({ waves: [{ kind: 'count', hosts: 1 }] }) });

t.test('rollouts: three hosts, canary first, end with succeeded as soon as the last has passed', async (t) => {
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => world.enroll(name)));
  const agents = hosts.map((host) => world.agent(host));
  await Promise.all(agents.map((agent) => agent.connect()));

  const began = Date.now();
  const { id } = await world.deploy(hosts, canary('three'));
  const ended = await world.waitFor(id);

  t.ok(Date.now() - began < 9_000, 'reports alone drive it: the next look that comes by itself is after 10 s');
  t.equal(ended.state, 'succeeded');
  t.equal(ended.waves, 2);
  t.same(
    agents.map((agent) => agent.attempts.length),
    [1, 1, 1],
  );
  t.equal((await world.store.app({ app: appName('three') }))?.succeeded, 1);
  t.same(world.faults, []);
});

t.test('rollouts: a version that fails its gate goes back by itself, and only where it was', async (t) => {
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => world.enroll(name)));
  const agents = hosts.map((host) => world.agent(host, { decide: (entry) => (entry.release === 2 ? 'fail' : 'pass') }));
  await Promise.all(agents.map((agent) => agent.connect()));
  const first = await world.deploy(hosts, canary('broken'));
  t.equal((await world.waitFor(first.id)).state, 'succeeded');

  const second = await world.deploy(hosts, canary('broken'));
  const ended = await world.waitFor(second.id);

  t.equal(ended.state, 'rolled_back');
  t.match(ended.problem, { code: 'NEVER_HEALTHY' });
  t.same(agents.map((agent) => agent.attempts.filter((entry) => entry.release === 2).length).sort(), [0, 0, 1]);
  t.same(
    agents.map((agent) => agent.apps.broken?.release),
    [1, 1, 1],
  );
  const targets = await world.store.targetsOfApp({ app: appName('broken') });
  t.ok(targets.every((target) => target.kind === 'run' && target.release === 1));
});

t.test('rollouts: a host that joins gets the last succeeded release, and one that drains gives it up', async (t) => {
  const a = await world.enroll('joins-a');
  const agentA = world.agent(a);
  await agentA.connect();
  await world.waitFor((await world.deploy([a], canary('joins'))).id);

  const b = await world.enroll('joins-b');
  const agentB = world.agent(b);
  await agentB.connect();
  await agentB.waitForRelease('joins', 1);

  await world.store.patchHost({ id: a.row.id, availability: 'draining', labels: null, name: null, events: [] });
  world.rollouts.fleetChanged();
  // Apps of other tests came to it as well, and go one by one.
  await world.until(() => (agentA.apps.joins?.removed === true ? true : null));
  await world.until(() => (agentA.assignment?.entries.length === 0 ? true : null));
  t.equal(agentB.apps.joins?.release, 1);
});

t.test('rollouts: pause, resume and cancel by a person; a newer deployment waits or takes the place', async (t) => {
  const hosts = await Promise.all(['a', 'b'].map((name) => world.enroll(name)));
  const agents = hosts.map((host) => world.agent(host, { decide: (entry) => (entry.release === 1 ? 'hang' : 'pass') }));
  await Promise.all(agents.map((agent) => agent.connect()));
  const cause = { kind: 'person', token: 'ada', note: null } as const;

  const first = await world.deploy(hosts, canary('people'));
  await world.waitFor(first.id, 'rolling');
  t.equal((await world.rollouts.pause(first.id, cause)).state, 'paused');
  t.equal((await world.rollouts.resume(first.id, cause)).state, 'rolling');
  await t.rejects(world.rollouts.resume(first.id, cause), { code: 'CONFLICT' });

  const second = await world.deploy(hosts, canary('people'));
  const third = await world.deploy(hosts, canary('people'));
  t.equal((await world.store.deployment({ id: second.id }))?.state, 'superseded');
  t.equal((await world.rollouts.cancel(first.id, false, cause)).state, 'cancelled');
  t.equal((await world.waitFor(third.id)).state, 'succeeded');
  await t.rejects(world.rollouts.cancel(third.id, false, cause), { code: 'CONFLICT' });
});

t.test('rollouts: what the schedule brought is downloaded ahead and waits for its window', async (t) => {
  const host = await world.enroll('window-a');
  const agent = world.agent(host);
  await agent.connect();
  const app = appName('window');
  await world.waitFor((await world.deploy([host], { name: app })).id);
  const minute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes();
  // Six hours away, however long this test takes.
  const window = { days: [], fromMinute: (minute + 360) % 1_440, toMinute: (minute + 420) % 1_440 };
  const schedule = { cron: '@hourly', timeZone: 'UTC', splayMs: 1_000, window };
  const cause = { kind: 'schedule', detail: '@hourly' } as const;
  const aheadOf = (release: number) =>
    agent.waitFor(
      (message) =>
        message.kind === 'assignment' &&
        message.assignment.prefetch?.some((each) => each.app === app && each.release === release) === true,
    );

  const waiting = await world.deploy([host], { name: app, schedule }, 'wait', cause);
  await aheadOf(2);

  t.equal((await world.store.deployment({ id: waiting.id }))?.state, 'queued');
  t.equal(agent.apps.window?.release, 1);
  await world.rollouts.cancel(waiting.id, false, { kind: 'person', token: 'ada', note: null });
  await agent.waitFor(
    (message) =>
      message.kind === 'assignment' &&
      message === agent.received.findLast(({ kind }) => kind === 'assignment') &&
      message.assignment.prefetch === undefined,
  );

  const again = await world.deploy([host], { name: app, schedule }, 'wait', cause);
  await aheadOf(3);
  const now = await world.deploy([host], { name: app, schedule });
  t.equal((await world.waitFor(now.id)).state, 'succeeded', 'what a person sends does not wait');
  t.equal((await world.waitFor(again.id)).state, 'superseded');
});

t.test('rollouts: `abort` ends the one that moves and starts the new one', async (t) => {
  const host = await world.enroll('abort-a');
  const agent = world.agent(host, { decide: (entry) => (entry.release === 1 ? 'hang' : 'pass') });
  await agent.connect();
  const first = await world.deploy([host], canary('abort'));
  await world.waitFor(first.id, 'rolling');

  const second = await world.deploy([host], canary('abort'), 'abort');

  t.equal((await world.waitFor(second.id)).state, 'succeeded');
  t.equal((await world.waitFor(first.id)).state, 'superseded');
});

t.test('rollouts: `abort` holds for a coordinator that starts again, and after a write that failed', async (t) => {
  const before = await HubWorld.open();
  const host = await before.enroll('abort-b');
  const decide = (entry: { readonly release: number }) => (entry.release === 3 ? 'pass' : 'hang');
  await before.agent(host, { decide }).connect();
  const first = await before.deploy([host], canary('kept'));
  await before.waitFor(first.id, 'rolling');
  // As one that dies between the commit and its first turn.
  await before.rollouts.stop();
  const second = await before.deploy([host], canary('kept'), 'abort');
  await before.close(true);

  const after = await HubWorld.open({ directory: before.directory });
  t.teardown(() => after.close());
  await after.agent(host, { decide }).connect();
  await after.waitFor(second.id, 'rolling');
  t.equal((await after.waitFor(first.id)).state, 'superseded');

  const apply = after.store.applyRollout.bind(after.store);
  let failures = 1;
  after.store.applyRollout = async (args) => {
    if (args.deployment.state === 'superseded' && (failures -= 1) >= 0)
      throw new LongshoreError('CONFLICT', 'somebody was quicker');
    return apply(args);
  };
  const third = await after.deploy([host], canary('kept'), 'abort');
  t.equal((await after.waitFor(third.id)).state, 'succeeded');
  t.equal((await after.waitFor(second.id)).state, 'superseded');
  t.ok(failures < 0);
});

t.test('rollouts: what a host refuses for good fails at once and goes back; what may pass is sent again', async (t) => {
  const host = await world.enroll('refuses-a');
  let full = 2;
  const agent = world.agent(host, {
    obstacle: ({ entries }) => {
      const entry = entries.find((found) => found.app === 'refused');
      if (entry?.kind !== 'run') return null;
      if (entry.release === 2) return problem('CAPABILITY_MISSING', 'take assignment: refused requires gpus');
      if (entry.release === 3 && (full -= 1) >= 0) return problem('NO_SPACE', 'keep assignment: no space left');
      return null;
    },
  });
  await agent.connect();
  await world.waitFor((await world.deploy([host], canary('refused'))).id);

  const second = await world.waitFor((await world.deploy([host], canary('refused'))).id);
  t.equal(second.state, 'rolled_back');
  t.match(second.problem, { code: 'CAPABILITY_MISSING', message: /requires gpus/ });
  t.equal(agent.apps.refused?.release, 1);
  t.equal(world.hub.live(host.row.id)?.refusal, null);

  const third = await world.deploy([host], canary('refused'));
  await world.until(() => world.hub.live(host.row.id)?.refusal ?? null);
  t.match(world.hub.live(host.row.id)?.refusal, { problem: { code: 'NO_SPACE' }, isSentAgain: true });
  t.equal((await world.waitFor(third.id)).state, 'succeeded');
  t.ok(full < 0, 'sent again until it was taken');
});

t.test('rollouts: a host that drains is not held up by one that refuses to take over', async (t) => {
  const [a, b] = [await world.enroll('over-a'), await world.enroll('over-b')];
  const leaving = world.agent(a);
  const refusing = world.agent(b, {
    obstacle: ({ entries }) =>
      entries.some((entry) => entry.kind === 'run' && entry.app === 'over')
        ? problem('TOO_LARGE', 'take assignment: too large')
        : null,
  });
  await leaving.connect();
  await refusing.connect();
  const spec = anAppSpec({ name: appName('over'), hosts: { labels: {}, pools: [], names: ['over-a', 'over-b'] } });
  await world.waitFor((await world.deploy([a], spec)).id);

  await world.until(() => world.hub.live(b.row.id)?.refusal ?? null);
  await world.store.patchHost({ id: a.row.id, availability: 'draining', labels: null, name: null, events: [] });
  world.rollouts.fleetChanged();

  await world.until(() => (leaving.apps.over?.removed === true ? true : null));
  t.equal(refusing.apps.over, undefined);
});

t.test('rollouts: a coordinator that starts again goes on where the last one was', async (t) => {
  const before = await HubWorld.open();
  const hosts = await Promise.all(['a', 'b'].map((name) => before.enroll(name)));
  const hanging = hosts.map((host) => before.agent(host, { decide: () => 'hang' }));
  await Promise.all(hanging.map((agent) => agent.connect()));
  const { id } = await before.deploy(hosts, canary('again'));
  await before.waitFor(id, 'rolling');
  await before.close(true);

  const after = await HubWorld.open({ directory: before.directory });
  t.teardown(() => after.close());
  const agents = hosts.map((host) => after.agent(host));
  await Promise.all(agents.map((agent) => agent.connect()));

  t.equal((await after.waitFor(id)).state, 'succeeded');
});
