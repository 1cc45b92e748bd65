import t from 'tap';
import { nextChanges, lateAnswers } from '../../../../coordinator/rollout/next-changes.ts';
import { OFFLINE_GRACE_MS } from '../../../../coordinator/rollout/host-fact.ts';
import { RECONNECT_MOST_MS } from '../../../../coordinator/rollout/silence.ts';
import { anAppReport, anAttempt, hostId, specHash } from '../../../support/app-builders.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';

const [a, b, c] = [hostId(1), hostId(2), hostId(3)];
const canary = [{ kind: 'count', hosts: 1 }] as const;

t.test('nextChanges: starts the first wave only, and the next when it has passed', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary } });
  const first = world.turn();

  t.same(
    first.targets.map((target) => target.host),
    [a],
  );
  t.equal(world.state, 'rolling');
  t.match(first.targets[0], { release: 2, attempt: 2, rollback: false }, 'an attempt above every earlier one');
  t.same(world.turn().targets, [], 'nothing more without an answer');

  world.answer(a, 'passed');
  t.same(
    world.turn().targets.map((target) => target.host),
    [b, c],
  );

  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.equal(world.rollout.deployment.endedAt, world.now);
  t.end();
});

t.test('nextChanges: the last answer ends the deployment in the same call where nothing is monitored', (t) => {
  const world = new RolloutWorld({ hosts: 3 });
  world.turn();
  world.answerAll('passed');

  const changes = world.turn();

  t.equal(changes.deployment.state, 'succeeded');
  t.equal(changes.wakeAt, null);
  t.end();
});

t.test('nextChanges: with nothing new it changes nothing', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary, monitorMs: 5_000 } });
  world.turn();
  world.answer(a, 'passed');
  world.turn();

  const again = nextChanges(world.facts());

  t.same(again.steps, []);
  t.same(again.targets, []);
  t.same(again.events, []);
  t.same(again.deployment, world.rollout.deployment);
  t.end();
});

t.test('nextChanges: a wave is watched for `monitor`, and `delay` goes before the next', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary, monitorMs: 5_000, delayMs: 2_000 } });
  world.turn();
  world.answer(a, 'passed');
  const settled = world.now;

  t.equal(world.turn().wakeAt, settled + 7_000);
  world.now = settled + 6_999;
  t.same(world.turn().targets, []);
  world.now = settled + 7_000;
  t.same(
    world.turn().targets.map((target) => target.host),
    [b],
  );

  world.answer(b, 'passed');
  t.equal(world.turn().wakeAt, world.now + 5_000, 'after the last wave only the monitor window counts');
  t.end();
});

t.test('nextChanges: an instance that falls ill inside the monitor window fails the deployment', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary, monitorMs: 5_000 } });
  world.turn();
  world.answer(a, 'passed');
  world.turn();
  const instance = { id: 'i-000000000001', service: 'web', replica: 1, hash: specHash('a'), release: 2 } as never;
  const ill = {
    ...(instance as object),
    state: 'unhealthy',
    routed: true,
    restarts: 0,
    startedAt: 0,
    detail: 'GET / 500',
  };
  const before = world.hosts.get(a)?.report ?? anAppReport();
  world.change(a, { report: { ...before, converged: false, instances: [ill as never] } });

  world.turn();

  t.equal(world.state, 'rolling_back');
  t.match(world.rollout.deployment.problem, { code: 'UNHEALTHY_IN_GATE', message: /GET \/ 500/ });
  t.end();
});

t.test('nextChanges: a failed gate takes every moved host back, at once and without touching others', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: [{ kind: 'count', hosts: 2 }] } });
  world.turn();
  world.answer(a, 'passed');
  world.answer(b, 'failed');

  const changes = world.turn();

  t.equal(world.state, 'rolling_back');
  t.same(
    changes.targets.map(
      (target) => target.kind === 'run' && [target.host, target.release, target.rollback, target.attempt],
    ),
    [
      [b, 1, true, 3],
      [a, 1, true, 3],
    ],
  );
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'rolled_back');
  t.same(world.inState('returned'), [a, b]);
  t.same(world.inState('waiting'), [c]);
  t.match(world.rollout.deployment.problem, { code: 'NEVER_HEALTHY', message: /1 of 2 hosts failed/ });
  t.end();
});

t.test('nextChanges: rollbackParallelism bounds how many go back together', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { rollbackParallelism: 1 } });
  world.turn();
  world.answer(a, 'failed');
  t.equal(world.turn().targets.length, 1);
  world.answerAll('passed');
  t.equal(world.turn().targets.length, 1);
  world.answerAll('passed');
  t.equal(world.turn().targets.length, 1);
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'rolled_back');
  t.end();
});

t.test('nextChanges: without a release to go back to it ends failed and leaves the targets', (t) => {
  const world = new RolloutWorld({ hosts: 1, fresh: true });
  world.turn();
  world.answer(a, 'failed');

  t.same(world.turn().targets, []);
  t.equal(world.state, 'failed');
  t.equal(world.rollout.deployment.problem?.code, 'NEVER_HEALTHY');
  t.end();
});

t.test('nextChanges: going back that fails ends failed, and says both reasons', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  world.answer(a, 'failed', 'NO_SPACE');
  world.turn();

  t.equal(world.state, 'failed');
  t.match(world.rollout.deployment.problem, { code: 'DEPLOYMENT_FAILED', message: /because: .*1 of 1 host failed/ });
  t.end();
});

t.test('nextChanges: failures up to max_failure_ratio are borne', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { maxFailureRatio: 0.34 } });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  t.equal(world.state, 'rolling');
  world.answer(b, 'passed');
  world.answer(c, 'passed');
  world.turn();

  t.equal(world.state, 'succeeded');
  t.same(world.inState('failed'), [a]);
  t.end();
});

t.test('nextChanges: a deployment that every host fails does not succeed, whatever the ratio', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { maxFailureRatio: 1 } });
  world.turn();
  world.answerAll('failed');
  world.turn();

  t.equal(world.state, 'rolling_back');
  t.end();
});

t.test('nextChanges: offline hosts get their target, stand outside of the ratio and are not waited for', (t) => {
  const world = new RolloutWorld({ hosts: 3 });
  world.change(c, { offlineSince: world.now - OFFLINE_GRACE_MS });
  t.equal(world.turn().targets.length, 3);
  world.answer(a, 'passed');
  world.answer(b, 'passed');
  world.turn();

  t.equal(world.state, 'succeeded');
  t.same(world.inState('offline'), [c]);

  world.change(c, { offlineSince: null });
  world.answer(c, 'passed');
  const late = lateAnswers(world.facts());
  t.same(
    late.steps.map((step) => [step.host, step.state]),
    [[c, 'passed']],
    'it passes after the end, too',
  );
  t.equal(late.deployment.state, 'succeeded');
  t.end();
});

t.test('nextChanges: a host that is silent for a moment is waited for', (t) => {
  const world = new RolloutWorld({ hosts: 2 });
  world.turn();
  world.answer(a, 'passed');
  world.change(b, { offlineSince: world.now });

  t.equal(world.turn().wakeAt, world.now + OFFLINE_GRACE_MS);
  t.equal(world.state, 'rolling');
  world.now += OFFLINE_GRACE_MS;
  world.turn();
  t.equal(world.state, 'succeeded');
  t.same(world.inState('offline'), [b]);
  t.end();
});

t.test('nextChanges: the canary is a host that talks', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary } });
  world.change(a, { offlineSince: 0 });
  world.change(b, { availability: 'paused' });

  t.same(
    world.turn().targets.map((target) => target.host),
    [c],
  );
  t.end();
});

t.test('nextChanges: where nobody is there to answer it waits for the first, at most until the deadline', (t) => {
  const world = new RolloutWorld({ hosts: 2, fresh: true });
  for (const host of [a, b]) world.change(host, { offlineSince: 0 });
  const deadline = world.turn().wakeAt;
  t.equal(deadline, world.now + 600_000);
  t.equal(world.state, 'rolling');

  world.now = deadline ?? 0;
  world.turn();
  t.equal(world.state, 'failed');
  t.match(world.rollout.deployment.problem, { code: 'TIMEOUT', message: /not connected/ });
  t.end();
});

t.test('nextChanges: a cordoned host gets nothing new and does not hold others', (t) => {
  const world = new RolloutWorld({ hosts: 2 });
  world.change(b, { availability: 'paused' });
  t.same(
    world.turn().targets.map((target) => target.host),
    [a],
  );
  const { steps } = world.rollout.deployment;
  t.match(steps.find((step) => step.host === b)?.problem?.message, /is cordoned and gets nothing new/);
  world.answer(a, 'passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.end();
});

t.test('nextChanges: a host that is removed or drained in the middle is not waited for', (t) => {
  const world = new RolloutWorld({ hosts: 3 });
  world.turn();
  world.answer(a, 'passed');
  world.hosts.delete(b);
  world.change(c, { availability: 'draining' });
  world.turn();

  t.equal(world.state, 'succeeded');
  t.equal(world.rollout.deployment.steps.find((step) => step.host === b)?.problem?.code, 'HOST_REMOVED');
  t.end();
});

t.test('nextChanges: past its deadline a deployment goes back, but an answer that is there counts first', (t) => {
  const late = new RolloutWorld({ hosts: 2 });
  late.turn();
  late.answer(a, 'passed');
  late.now += 600_000;
  late.turn();
  t.equal(late.state, 'rolling_back');
  t.equal(late.rollout.deployment.problem?.code, 'TIMEOUT');

  const away = new RolloutWorld({ hosts: 2 });
  away.turn();
  away.answerAll('passed');
  away.now += 600_000;
  away.turn();
  t.equal(away.state, 'succeeded', 'they passed while nobody looked');
  t.end();
});

t.test('nextChanges: past its deadline nothing new begins', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary } });
  world.turn();
  world.answer(a, 'passed');
  world.now += 600_000;
  const changes = world.turn();

  t.same(
    changes.targets.map((target) => target.host),
    [a],
  );
  t.equal(world.state, 'rolling_back');
  t.end();
});

t.test('nextChanges: going back has a deadline, too', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.turn();
  world.answer(a, 'failed');
  const wakeAt = world.turn().wakeAt;
  t.type(wakeAt, 'number');
  world.now = wakeAt ?? 0;
  world.turn();
  t.equal(world.state, 'failed');
  t.end();
});

t.test('nextChanges: failure_action pause stops and asks, and ends by itself after a day', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary, failureAction: 'pause' } });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  t.equal(world.state, 'paused');
  t.same(world.turn().targets, []);

  world.now = world.wakeAt ?? 0;
  world.turn();
  t.equal(world.state, 'failed');
  t.equal(world.rollout.deployment.problem?.code, 'NEVER_HEALTHY');
  t.end();
});

t.test('nextChanges: failure_action continue goes over all hosts and then says that it failed', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary, failureAction: 'continue' } });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  world.answer(b, 'passed');
  world.turn();
  t.equal(world.state, 'failed');
  t.same(world.inState('passed'), [b]);
  t.end();
});

t.test('nextChanges: failure_action continue quarantines what failed, once, with an event', (t) => {
  const world = new RolloutWorld({ hosts: 3, fresh: true, policy: { waves: canary, failureAction: 'continue' } });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  world.answer(b, 'failed');
  world.answer(c, 'passed');
  world.turn();
  t.equal(world.state, 'failed');
  t.match(world.quarantine, [{ kind: 'failed', service: 'web' }]);
  t.equal(world.quarantine.length, 1);
  t.equal(world.events.filter(({ kind }) => kind === 'digest.quarantined').length, 1);
  t.end();
});

t.test('nextChanges: a rollback by a person has one wave and goes from the disk', (t) => {
  const world = new RolloutWorld({ hosts: 3, kind: 'rollback', policy: { waves: canary } });
  const changes = world.turn();
  t.equal(changes.targets.length, 3);
  t.ok(changes.targets.every((target) => target.kind === 'run' && target.rollback));
  t.end();
});

t.test('nextChanges: an answer to another attempt or deployment counts for nothing', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.turn();
  world.answer(a, 'passed');
  const report = world.hosts.get(a)?.report ?? anAppReport();
  world.change(a, {
    report: { ...report, attempt: report.attempt === null ? null : { ...report.attempt, attempt: 1 } },
  });
  world.turn();
  t.equal(world.state, 'rolling');
  t.end();
});

t.test('nextChanges: no host at all ends failed with NO_HOSTS', (t) => {
  const world = new RolloutWorld({ hosts: 0 });
  world.turn();
  t.equal(world.state, 'failed');
  t.equal(world.rollout.deployment.problem?.code, 'NO_HOSTS');
  t.end();
});

t.test('nextChanges: an attempt that the host refuses for good has failed, and says why', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary } });
  world.turn();
  world.refuse(a, 'CAPABILITY_MISSING', false);
  world.turn();

  t.equal(world.state, 'rolling_back');
  t.match(world.rollout.deployment.problem, { code: 'CAPABILITY_MISSING' });
  t.same(world.inState('waiting'), [b], 'nobody else is tried');
  t.same(world.quarantine, [], 'the image is not at fault');
  world.turn();
  t.equal(world.state, 'rolling_back', 'the refusal was of the attempt before');
  world.answer(a, 'passed');
  world.turn();
  t.equal(world.state, 'rolled_back');
  t.end();
});

t.test('nextChanges: a refusal that may pass is waited for, and named when the deadline comes', (t) => {
  const world = new RolloutWorld({ hosts: 1, policy: { deadlineMs: 60_000 } });
  world.turn();
  world.refuse(a, 'NO_SPACE', true);
  world.turn();
  t.same(world.inState('moving'), [a]);

  world.now += 60_000;
  world.turn();
  t.equal(world.state, 'rolling_back');
  t.match(world.rollout.deployment.problem, {
    code: 'TIMEOUT',
    message: /assignment was refused: take assignment 1\/7/,
  });
  t.end();
});

t.test('nextChanges: what the host has begun was taken, whatever is refused after it', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.turn();
  world.refuse(a, 'TOO_LARGE', false);
  world.change(a, { report: anAppReport({ attempt: anAttempt({ release: 2, attempt: 2, state: 'gating' }) }) });
  world.turn();

  t.same(world.inState('moving'), [a]);
  t.end();
});

t.test('nextChanges: a host that refuses to go back ends it as failed', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.turn();
  world.answer(a, 'failed');
  world.turn();
  world.refuse(a, 'TOO_LARGE', false);
  world.turn();

  t.equal(world.state, 'failed');
  t.match(world.rollout.deployment.problem, { code: 'DEPLOYMENT_FAILED', message: /take assignment/ });
  t.end();
});

t.test('nextChanges: a host that was cordoned when its wave began gets the release when it is active again', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.change(hostId(1), { availability: 'paused' });
  world.turn();
  t.same(world.inState('offline'), [hostId(1)]);
  world.change(hostId(1), { availability: 'active' });
  world.turn();
  t.same(world.inState('moving'), [hostId(1)]);
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.end();
});

t.test('nextChanges: a deployment that reached no host names each state that it passes at its deadline', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  world.change(hostId(1), { availability: 'paused' });
  world.turn();
  world.now += 600_000;
  const changes = world.turn();
  t.equal(changes.deployment.state, 'rolled_back');
  t.same(changes.through, ['rolling_back']);
  t.end();
});

/** The `progress_deadline` of the spec that tests use. */
/** The service's progress_deadline, after its old instance has stopped within its grace. */
const ATTEMPT_MS = 300_000 + 10_000;

t.test('nextChanges: a canary that falls silent in its attempt holds the wave, and fails at progress_deadline', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary } });
  world.turn();
  const began = world.now;
  world.now += 2_000;
  world.change(a, { offlineSince: world.now });

  t.equal(world.turn().wakeAt, began + ATTEMPT_MS);
  world.now = began + ATTEMPT_MS - 1;
  t.same(world.turn().targets, [], 'no further host begins');
  world.now += 1;
  world.turn();
  t.equal(world.state, 'rolled_back');
  t.same([...world.moved], [a]);
  t.match(world.rollout.deployment.problem, { code: 'HOST_OFFLINE', message: /host-0001 lost its connection/ });
  t.same(world.quarantine, [], 'silence alone condemns no image');
  t.end();
});

t.test('nextChanges: a host that comes back in time answers for its attempt', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary } });
  world.turn();
  world.now += 2_000;
  world.change(a, { offlineSince: world.now });
  world.now += 120_000;
  world.turn();
  world.change(a, { offlineSince: null });
  world.answer(a, 'passed');
  t.equal(world.turn().targets.length, 2, 'and the next wave begins');
  t.end();
});

t.test('nextChanges: a canary that passed and falls silent in the monitor window holds the next wave', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: canary, monitorMs: 10_000 } });
  world.turn();
  world.answer(a, 'passed');
  world.turn();
  const passed = world.now;
  world.now += 5_000;
  world.change(a, { offlineSince: world.now });
  world.now += 60_000;
  t.same(world.turn().targets, []);
  t.equal(world.wakeAt, passed + ATTEMPT_MS);

  world.change(a, { offlineSince: null });
  t.equal(world.turn().targets.length, 2, 'it is back, and well');

  const lost = new RolloutWorld({ hosts: 3, policy: { waves: canary, monitorMs: 10_000 } });
  lost.turn();
  lost.answer(a, 'passed');
  lost.turn();
  lost.now += 5_000;
  lost.change(a, { offlineSince: lost.now });
  lost.now += ATTEMPT_MS;
  lost.turn();
  t.equal(lost.state, 'rolled_back');
  t.same([...lost.moved], [a]);
  t.end();
});

t.test('nextChanges: a host that failed by silence alone and passes after all has passed', (t) => {
  const world = new RolloutWorld({ hosts: 3, policy: { maxFailureRatio: 0.5 } });
  world.turn();
  world.answer(a, 'passed');
  world.answer(b, 'passed');
  world.now += 2_000;
  world.change(c, { offlineSince: world.now });
  world.now += ATTEMPT_MS;
  world.turn();
  t.equal(world.state, 'succeeded');
  t.same(world.inState('failed'), [c]);

  world.change(c, { offlineSince: null });
  world.answer(c, 'passed');
  t.same(
    lateAnswers(world.facts()).steps.map((step) => [step.host, step.state]),
    [[c, 'passed']],
  );
  t.end();
});

t.test('nextChanges: after a coordinator was away, an agent has the time to connect again', (t) => {
  const policy = { waves: canary, monitorMs: 10_000, deadlineMs: 3_600_000 };
  for (const isPassed of [false, true]) {
    const world = new RolloutWorld({ hosts: 3, policy });
    world.turn();
    if (isPassed) world.answer(a, 'passed');
    world.turn();
    world.now += 2 * ATTEMPT_MS;
    const restarted = world.now;
    world.change(a, { offlineSince: restarted });
    t.equal(world.turn().wakeAt, restarted + RECONNECT_MOST_MS);
    world.now = restarted + RECONNECT_MOST_MS - 1;
    world.turn();
    t.equal(world.state, 'rolling', 'an agent may wait for two minutes between two tries');
    world.now += 1;
    world.turn();
    t.equal(world.state, 'rolled_back');
  }
  t.end();
});

t.test('nextChanges: a wave whose hosts are all out is filled again; a larger one does not begin unseen', (t) => {
  const world = new RolloutWorld({ hosts: 6, policy: { waves: [{ kind: 'count', hosts: 1 }] } });
  world.turn();
  t.same(world.inState('moving'), [a]);
  world.change(a, { availability: 'draining' });
  world.turn();
  t.same(world.inState('moving'), [b], 'one host of the next wave, as many as the canary had');
  t.match(world.events.at(-1), { kind: 'deployment.wave', text: /^Wave 1 of 2 again, its hosts are out: host-0002/ });
  t.equal(world.rollout.deployment.wave, 0);
  world.answer(b, 'passed');
  world.turn();
  t.equal(world.inState('moving').length, 4);
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.end();
});

t.test('nextChanges: a wave that is out goes by where nobody of the later ones is connected either', (t) => {
  const world = new RolloutWorld({
    hosts: 4,
    policy: {
      waves: [
        { kind: 'count', hosts: 1 },
        { kind: 'count', hosts: 2 },
      ],
    },
  });
  for (const host of [b, c, hostId(4)]) world.change(host, { offlineSince: 0 });
  world.turn();
  world.answer(a, 'passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.equal(world.inState('offline').length, 3, 'they catch up');
  t.end();
});
