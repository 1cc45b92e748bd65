import t from 'tap';
import { hostId } from '../../../support/app-builders.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';

const [a, b] = [hostId(1), hostId(2)];
const cause = { kind: 'person', token: 'ada', note: 'lunch' } as const;
const canary = [{ kind: 'count', hosts: 1 }] as const;

t.test('applyWish: pause starts no further host, resume goes on', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary } });
  world.turn();
  world.wish({ kind: 'pause', cause });
  world.answer(a, 'passed');
  t.same(world.turn().targets, []);
  t.same(world.inState('passed'), [a], 'what had begun is written down');

  world.wish({ kind: 'resume', cause });
  t.same(
    world.turn().targets.map((target) => target.host),
    [b],
  );
  t.end();
});

t.test('applyWish: resume after a failed gate tries the failed hosts again under a new attempt', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary, failureAction: 'pause' } });
  world.turn();
  world.answer(a, 'failed');
  world.turn();

  const changes = world.wish({ kind: 'resume', cause });
  t.match(changes.targets, [{ host: a, release: 2, attempt: 3 }]);
  t.match(changes.steps, [{ host: a, state: 'moving', from: 1, problem: null }]);
  world.turn();
  t.equal(world.state, 'rolling', 'the old verdict does not count again');
  t.end();
});

t.test('applyWish: cancel stops in place', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary } });
  world.turn();
  t.same(world.wish({ kind: 'cancel', rollback: false, cause }).targets, []);
  t.equal(world.state, 'cancelled');
  t.match(world.rollout.deployment.problem, { code: 'DEPLOYMENT_CANCELLED', message: /by ada \(lunch\)/ });
  t.end();
});

t.test('applyWish: cancel with rollback takes moved hosts back and ends cancelled', (t) => {
  const world = new RolloutWorld({ hosts: 2, policy: { waves: canary } });
  world.turn();
  t.match(world.wish({ kind: 'cancel', rollback: true, cause }).targets, [{ host: a, release: 1, rollback: true }]);
  t.equal(world.state, 'rolling_back');
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'cancelled');
  t.end();
});

t.test('applyWish: works while every agent is gone', (t) => {
  const world = new RolloutWorld({ hosts: 2 });
  world.turn();
  for (const host of [a, b]) world.change(host, { offlineSince: 0 });
  world.wish({ kind: 'cancel', rollback: true, cause });
  t.equal(world.state, 'cancelled', 'their targets lead back, and nobody is waited for');
  t.same(
    world.rollout.targets.map((target) => target.kind === 'run' && target.release),
    [1, 1],
  );
  t.end();
});

t.test('applyWish: refuses what the state does not allow', (t) => {
  const world = new RolloutWorld({ hosts: 1 });
  t.throws(() => world.wish({ kind: 'resume', cause }), { code: 'CONFLICT' });
  t.throws(() => world.wish({ kind: 'pause', cause }), { code: 'CONFLICT' });
  world.wish({ kind: 'supersede', by: 'd-9', cause });
  t.equal(world.state, 'superseded');
  t.throws(() => world.wish({ kind: 'cancel', rollback: false, cause }), { code: 'CONFLICT' });
  t.end();
});
