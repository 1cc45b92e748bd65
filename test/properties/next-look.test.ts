// When rollouts look again, on a clock that only the test moves. LONGSHORE_SEED=N replays a failure.
import t from 'tap';
import { NextLook } from '../../coordinator/rollout/next-look.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { FleetWalk } from '../support/fleet-walk.ts';
import { between, pick, seededRandom, seeds } from '../support/random.ts';

t.test('NextLook: every request leads to a look, in time and not during a rest', async (t) => {
  for (const seed of seeds(300)) {
    const random = seededRandom(seed);
    const timers = new FakeTimers();
    /** The latest instant at which the oldest open request must start a look; null = none is open. */
    let due: number | null = null;
    let restUntil = 0;
    const look = { started: false };
    const problems: string[] = [];
    const next = new NextLook(timers, () => {
      if (timers.monotonicMs() < restUntil) problems.push('it started during the rest');
      if (look.started) problems.push('two looks were started');
      look.started = true;
    });
    for (let step = 0; step < 200; step += 1) {
      const now = timers.monotonicMs();
      const roll = random();
      if (roll < 0.5) {
        const ms = pick(random, [0, 0, 1, 20, 5_000]);
        next.within(ms);
        due = Math.min(due ?? Number.POSITIVE_INFINITY, Math.max(now + ms, restUntil));
      } else if (roll < 0.6 && look.started) {
        next.begun();
        look.started = false;
        due = null;
        const ms = between(random, 0, 1_000);
        next.rest(ms);
        restUntil = now + ms;
      } else await timers.advanceTo(now + between(random, 0, 300), () => Promise.resolve());
      if (due !== null && !look.started && due <= timers.monotonicMs())
        problems.push('a request was not served in time');
      if (due !== null && next.isIdle) problems.push('a request is open and nothing will start a look');
      if (problems.length === 0) continue;
      t.fail(`seed ${seed}, step ${step}: ${problems.join(', ')}`);
      return;
    }
  }
  t.pass('all seeds');
});

t.test('rollouts: the deadline comes however often hosts report, on a machine that decides slowly', async (t) => {
  for (const seed of seeds(5)) {
    const random = seededRandom(seed);
    const walk = await FleetWalk.start(random);
    await walk.deploy({ deadlineMs: 5_000, failureAction: 'rollback' });
    await walk.settle();
    walk.slowDown(3);
    const reportFor = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms;) {
        const step = between(random, 1, 120);
        passed += step;
        walk.chatter();
        await walk.passes(step);
      }
    };
    await reportFor(500);
    await walk.person('pause');
    await reportFor(500);
    await walk.person('resume');
    await reportFor(7_000);
    const open = await walk.store.unendedDeployments({ app: null });
    await walk.dispose();
    t.same(open, [], `seed ${seed}`);
  }
});
