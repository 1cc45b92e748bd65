import t from 'tap';
import { isHeldForWindow } from '../../../../fleet/deployment.ts';
import type { Cause } from '../../../../fleet/release.ts';
import { hostId } from '../../../support/app-builders.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';
import type { WorldOptions } from '../../../support/rollout-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FIVE_MINUTES = 300_000;
/** Two minutes before the window closes. */
const NIGHT = 100 * DAY + 4 * HOUR - 120_000;
const [a, b] = [hostId(1), hostId(2)];
const SCHEDULE: Cause = { kind: 'schedule', detail: '@hourly' };
const ada = { kind: 'person', token: 'ada', note: null } as const;
/** 02:00 to 04:00. */
const window = { days: [], fromMinute: 120, toMinute: 240 };

function begun(options: Partial<WorldOptions> = {}): RolloutWorld {
  const waves = [{ kind: 'count', hosts: 1 }] as const;
  const world = new RolloutWorld({ hosts: 3, policy: { waves }, cause: SCHEDULE, window, ...options });
  world.now = NIGHT;
  world.turn();
  return world;
}

/** The canary has passed after the window closed. */
function held(options: Partial<WorldOptions> = {}): RolloutWorld {
  const world = begun(options);
  world.now += FIVE_MINUTES;
  world.answer(a, 'passed');
  world.turn();
  return world;
}

t.test('window: a later wave waits for it, without a deadline, and is told once', (t) => {
  for (const cause of [SCHEDULE, { kind: 'host', host: 'h', detail: 'it updated alone' } as const]) {
    const world = held({ cause });
    t.same(world.inState('moving'), []);
    t.ok(isHeldForWindow(world.rollout.deployment));
    t.equal(world.wakeAt, 101 * DAY + 2 * HOUR);
    t.same(world.turn().events, []);
    t.match(world.events.at(-1), { kind: 'deployment.held', text: 'Wave 2 of 2 waits for the maintenance window' });

    world.now = world.wakeAt ?? 0;
    world.turn();
    t.equal(world.inState('moving').length, 2);
    t.equal(world.rollout.deployment.deadlineAt, world.now + world.rollout.release.spec.rollout.deadlineMs);
    world.answerAll('passed');
    world.turn();
    t.equal(world.state, 'succeeded');
  }
  t.end();
});

t.test('window: what a person deploys, or resumes, does not wait', (t) => {
  t.equal(held({ cause: ada }).inState('moving').length, 2);

  const world = begun();
  world.wish({ kind: 'pause', cause: ada });
  world.now += FIVE_MINUTES;
  world.answer(a, 'passed');
  world.turn();
  world.wish({ kind: 'resume', cause: ada });
  world.turn();
  t.equal(world.inState('moving').length, 2);
  t.end();
});

t.test('window: what has begun goes on after it has closed, and going back does not wait', (t) => {
  const world = begun();
  world.now += FIVE_MINUTES;
  world.answer(a, 'failed');
  world.turn();
  t.equal(world.state, 'rolling_back');
  t.same(world.inState('returning'), [a]);
  t.end();
});

t.test('window: outside of it nothing runs once, and no host that is active again begins', (t) => {
  const once = begun({ once: ['a', 'b'] });
  t.match(once.rollout.deployment, { once: { host: a } });
  once.now += FIVE_MINUTES;
  once.answer(a, 'passed');
  once.turn();
  t.same(once.inState('moving'), [], 'the first wave waits as well');

  const alone = new RolloutWorld({ hosts: 1, cause: SCHEDULE, window, once: ['a', 'b'] });
  alone.now = NIGHT;
  alone.change(a, { offlineSince: 0 });
  alone.turn();
  alone.now += FIVE_MINUTES;
  alone.change(a, { offlineSince: null });
  alone.turn();
  t.equal(alone.rollout.deployment.once, null);
  alone.now = alone.wakeAt ?? 0;
  alone.turn();
  t.match(alone.rollout.deployment, { once: { host: a } });
  t.not(alone.rollout.deployment.deadlineAt, null);

  const cordoned = new RolloutWorld({ hosts: 2, cause: SCHEDULE, window });
  cordoned.now = NIGHT;
  cordoned.change(a, { availability: 'paused' });
  cordoned.turn();
  cordoned.now += FIVE_MINUTES;
  cordoned.change(a, { availability: 'active' });
  t.same(cordoned.turn().targets, []);
  t.same(cordoned.inState('moving'), [b]);
  t.end();
});

t.test('window: a host that comes back while its deployment is held has a deadline to answer by', (t) => {
  const world = new RolloutWorld({
    hosts: 3,
    policy: { waves: [{ kind: 'count', hosts: 2 }] },
    cause: SCHEDULE,
    window,
  });
  world.now = NIGHT;
  world.change(hostId(3), { offlineSince: 0 });
  world.change(b, { offlineSince: 0 });
  world.turn();
  world.now += FIVE_MINUTES;
  world.answer(a, 'passed');
  world.turn();
  t.ok(isHeldForWindow(world.rollout.deployment));
  world.change(b, { offlineSince: null });
  world.turn();
  t.same(world.inState('moving'), [b]);
  t.not(world.rollout.deployment.deadlineAt, null);
  world.answer(b, 'passed');
  world.turn();
  t.ok(isHeldForWindow(world.rollout.deployment));
  t.end();
});
