import t from 'tap';
import { hostId } from '../../../support/app-builders.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';

/** A deployment of the release that serves already. */
function restarting(): RolloutWorld {
  const world = new RolloutWorld({ hosts: 3, policy: { waves: [{ kind: 'count', hosts: 1 }] } });
  const { rollout } = world;
  const release = { ...rollout.release, number: 1 };
  world.rollout = { ...rollout, release, deployment: { ...rollout.deployment, release: 1, restarts: ['web'] } };
  world.turn();
  return world;
}

t.test('restart: goes in waves, and each target names what is replaced', (t) => {
  const world = restarting();
  t.match(world.target(hostId(1)), { release: 1, attempt: 2, replace: ['web'] });
  t.match(world.target(hostId(2)), { attempt: 1 });
  world.answer(hostId(1), 'passed');
  world.turn();
  t.match(world.target(hostId(2)), { release: 1, attempt: 2, replace: ['web'] });
  world.answerAll('passed');
  world.turn();
  world.answerAll('passed');
  world.turn();
  t.equal(world.state, 'succeeded');
  t.end();
});

t.test('restart: one that fails stops, and condemns no image: the release served before', (t) => {
  const world = restarting();
  world.answer(hostId(1), 'failed');
  world.turn();
  t.equal(world.state, 'failed');
  t.match(world.target(hostId(2)), { attempt: 1 }, 'no further host');
  t.same(world.quarantine, []);
  t.end();
});
