import t from 'tap';
import { digest, hostId } from '../../../support/app-builders.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';
import type { WorldOptions } from '../../../support/rollout-world.ts';

const [a, b, c] = [hostId(1), hostId(2), hostId(3)];
const cause = { kind: 'person', token: 'ada', note: null } as const;
const canary = [{ kind: 'count', hosts: 1 }] as const;

function begun(options: Partial<WorldOptions> = {}): RolloutWorld {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary }, once: ['a', 'b'], ...options });
  world.turn();
  return world;
}
const kindsOf = (world: RolloutWorld): readonly string[] => world.events.map((event) => event.kind);
/** Hosts that are not where they were. */
const moved = (world: RolloutWorld): readonly unknown[] => [
  ...world.moved,
  ...world.rollout.targets.filter(
    (target) => target.kind !== 'run' || target.release !== 1 || target.onlyOnce === true,
  ),
];

t.test('once: one host runs it before the first wave, and then the waves begin', (t) => {
  const world = begun();
  t.match(world.rollout.deployment, {
    state: 'rolling',
    wave: -1,
    once: { host: a, services: ['migrate'], attempt: 2, state: 'running', before: { release: 1 } },
  });
  t.match(world.target(a), { release: 2, onlyOnce: true, attempt: 2 });
  t.equal(world.moved.size, 0);
  t.same(world.turn().targets, [], 'nothing more without an answer');

  world.answer(a, 'passed');
  const first = world.turn();
  t.same(
    first.targets.map((target) => target.host),
    [a],
  );
  t.notOk('onlyOnce' in (first.targets[0] ?? {}));
  t.match(world.rollout.deployment, { wave: 0, once: { state: 'passed' } });
  t.match(world.rollout.deployment.steps[0], { host: a, from: 1, state: 'moving', attempt: 3 });
  world.answerAll('passed');
  world.turn();
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.match(kindsOf(world), ['deployment.started', 'deployment.once-started', 'deployment.once-passed']);
  t.end();
});

t.test('once: its failure ends the deployment, nothing has moved, and its digest is quarantined', (t) => {
  const world = begun();
  const target = world.target(a);
  world.answer(a, 'failed', 'CONTAINER_EXITED');
  const report = world.hosts.get(a)?.report ?? null;
  if (report?.attempt != null)
    world.change(a, { report: { ...report, attempt: { ...report.attempt, failedService: 'migrate' } } });
  world.rollout = {
    ...world.rollout,
    release: withDigest(world.rollout.release, 'e'),
  };
  world.turn();
  t.match(world.rollout.deployment, {
    state: 'failed',
    problem: { code: 'CONTAINER_EXITED' },
    once: { state: 'failed' },
  });
  t.same(moved(world), []);
  t.match(world.target(a), { rollback: true, attempt: (target?.kind === 'run' ? target.attempt : 0) + 1 });
  t.match(world.quarantine, [{ service: 'migrate', digest: digest('e') }]);
  t.end();
});

t.test('once: a step that failed or did not end in time holds all that the release brought in', (t) => {
  for (const end of ['failed', 'deadline'] as const) {
    const world = begun({ policy: { deadlineMs: 60_000 } });
    world.rollout = { ...world.rollout, release: withDigest(withDigest(world.rollout.release, 'e'), 'd', 'web') };
    if (end === 'failed') world.answer(a, 'failed', 'CONTAINER_EXITED');
    else world.now += 60_000;
    world.turn();
    t.equal(world.state, 'failed');
    const held = world.quarantine.filter(({ kind }) => kind === 'held');
    t.same(Object.fromEntries(held.map((row) => [row.service, row.digest])), {
      web: digest('d'),
      migrate: digest('e'),
    });
  }
  t.end();
});

t.test('once: nothing is held where a person ends it, or where no host could begin it', (t) => {
  const cancelled = begun();
  cancelled.rollout = { ...cancelled.rollout, release: withDigest(cancelled.rollout.release, 'e') };
  cancelled.wish({ kind: 'cancel', rollback: false, cause });
  t.same(cancelled.quarantine, []);

  const silent = new RolloutWorld({ hosts: 3, once: ['a', 'b'], policy: { deadlineMs: 60_000 } });
  silent.rollout = { ...silent.rollout, release: withDigest(silent.rollout.release, 'e') };
  for (const host of [a, b, c]) silent.change(host, { offlineSince: 0 });
  silent.turn();
  silent.now += 60_000;
  silent.turn();
  t.match(silent.rollout.deployment, { state: 'failed', once: null });
  t.same(silent.quarantine, []);
  t.end();
});

function withDigest(release: RolloutWorld['rollout']['release'], letter: string, name = 'migrate'): typeof release {
  const service = release.spec.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  const image = { ...service.image, digest: digest(letter) };
  const services = { ...release.spec.services, [name]: { ...service, image } };
  return { ...release, spec: { ...release.spec, services } };
}

t.test('once: an app that was not there leaves the host again', (t) => {
  const world = begun({ fresh: true });
  world.answer(a, 'failed');
  world.turn();
  t.equal(world.state, 'failed');
  t.match(world.target(a), { kind: 'remove', volumes: false });
  t.end();
});

t.test('once: it does not run where it is unchanged or on the way back, but with `always` it does', (t) => {
  t.match(begun({ once: ['a', 'a'] }).rollout.deployment, { once: null, wave: 0 });
  t.match(begun({ kind: 'rollback' }).rollout.deployment, { once: null, wave: 0 });
  for (const options of [{ once: ['a', 'a'] }, { kind: 'rollback' }] as const) {
    const world = new RolloutWorld({ hosts: 2, once: ['a', 'b'], ...options });
    const { release } = world.rollout;
    const migrate = release.spec.services.migrate;
    if (migrate === undefined) throw new Error('no service migrate');
    const services = { ...release.spec.services, migrate: { ...migrate, run: 'always' as const } };
    world.rollout = { ...world.rollout, release: { ...release, spec: { ...release.spec, services } } };
    world.turn();
    t.match(world.rollout.deployment, { once: { host: a, state: 'running' }, wave: -1 });
  }
  t.end();
});

t.test('once: a connected host is chosen; without one it waits for the first that connects', (t) => {
  const world = new RolloutWorld({ hosts: 3, once: ['a', 'b'] });
  for (const host of [a, b, c]) world.change(host, { offlineSince: 0 });
  world.turn();
  t.match(world.rollout.deployment, { state: 'rolling', once: null, wave: -1 });
  t.equal(world.wakeAt, world.rollout.deployment.deadlineAt);
  world.change(b, { offlineSince: null });
  world.turn();
  t.match(world.rollout.deployment, { once: { host: b } });
  t.end();
});

t.test('once: a host that falls silent is waited for, and the deadline ends the deployment with nothing moved', (t) => {
  const world = begun({ policy: { deadlineMs: 600_000 } });
  world.change(a, { offlineSince: world.now });
  world.now += 300_000;
  world.turn();
  t.match(world.rollout.deployment, { state: 'rolling', once: { host: a, state: 'running' } }, 'no other one begins');
  world.now += 300_000;
  world.turn();
  t.match(world.rollout.deployment, { state: 'failed', problem: { code: 'TIMEOUT', message: /is not connected/ } });
  t.same(moved(world), []);
  t.end();
});

t.test('once: an answer in time counts, also where the coordinator looks past the deadline', (t) => {
  const world = begun({ policy: { deadlineMs: 60_000 } });
  world.answer(a, 'passed');
  world.now += 60_000;
  world.turn();
  t.match(world.rollout.deployment, { once: { state: 'passed' } });
  t.equal(world.moved.size, 0);
  t.end();
});

t.test('once: a host that is removed meanwhile ends the deployment', (t) => {
  const world = begun();
  world.hosts.delete(a);
  world.turn();
  t.match(world.rollout.deployment, { state: 'failed', problem: { code: 'HOST_REMOVED' } });
  t.equal(world.moved.size, 0);
  t.end();
});

t.test('once: an agent that cannot do it refuses, and nothing has moved', (t) => {
  const world = begun();
  world.refuse(a, 'CAPABILITY_MISSING', false);
  world.turn();
  t.match(world.rollout.deployment, { state: 'failed', problem: { code: 'CAPABILITY_MISSING' } });
  t.same(moved(world), []);
  t.end();
});

t.test('once: cancelled or superseded in the middle, the host goes back to what it ran', (t) => {
  for (const wish of [
    { kind: 'cancel', rollback: false, cause },
    { kind: 'cancel', rollback: true, cause },
    { kind: 'supersede', by: 'd-2', cause },
  ] as const) {
    const world = begun();
    world.wish(wish);
    t.equal(world.state, wish.kind === 'cancel' ? 'cancelled' : 'superseded');
    t.same(moved(world), []);
  }
  t.end();
});

t.test('once: paused in the middle it takes the answer, and the waves begin when it is resumed', (t) => {
  const world = begun();
  world.wish({ kind: 'pause', cause });
  world.answer(a, 'passed');
  world.turn();
  t.match(world.rollout.deployment, { state: 'paused', wave: -1, once: { state: 'passed' } });
  world.wish({ kind: 'resume', cause });
  world.turn();
  t.match(world.rollout.deployment, { state: 'rolling', wave: 0 });
  t.end();
});

t.test('once: a deployment that goes back before the host had its wave takes it from its step too', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary }, once: ['a', 'b'] });
  world.change(a, { offlineSince: 0 });
  world.turn();
  t.match(world.rollout.deployment, { once: { host: b } });
  world.answer(b, 'passed');
  world.change(b, { availability: 'paused' });
  world.turn();
  world.wish({ kind: 'cancel', rollback: true, cause });
  world.answerAll('passed');
  world.turn();
  t.notOk(JSON.stringify(world.rollout.targets).includes('onlyOnce'));
  t.match(world.target(b), { release: 1 });
  t.end();
});
