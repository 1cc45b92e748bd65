// The planner while the agent's own disk is full: it does not spin, says why, and goes back without the disk.
import t from 'tap';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { appName, digest } from '../../../support/app-builders.ts';
import { PlannerWorld } from '../../../support/planner-world.ts';
import { seededRandom } from '../../../support/random.ts';

const web = appName('web');
const gate = { minHealthyMs: 60_000, healthyDeadlineMs: 120_000, progressDeadlineMs: 600_000 };

async function until(world: PlannerWorld, isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 5_000; turns += 1) {
    await world.turn();
    if (isSo()) return;
  }
  throw new Error(`not so after 5,000 turns: ${JSON.stringify(world.plan?.apps)}`);
}

function aWorld(): PlannerWorld {
  const world = new PlannerWorld(seededRandom(7), { act: 1, fail: 0, kill: 0 });
  world.engine.offerImage(digest('a'), {});
  world.engine.offerImage(digest('1'), { exitAfterMs: 100, exitCode: 1, healthyAfterMs: null });
  return world;
}

t.test('a disk that fills up during a gate is tried ever more slowly, and the app says why', async (t) => {
  const world = aWorld();
  world.assign([aRunEntry({ services: { web: { version: 'a', gate } } })]);
  await until(world, () => world.serving('web', 'web') === 1);
  const before = world.writes;
  const sinceMs = world.nowMs;
  world.isDiskFull = true;

  await until(world, () => world.nowMs - sinceMs > 120_000);

  t.ok(world.writes - before >= 2, 'it is tried again');
  t.ok(world.writes - before < 20, `${world.writes - before} tries in two minutes`);
  t.match(world.plan?.apps, {
    web: { converged: false, waiting: /ENOSPC/, attempt: { state: 'gating', problem: { code: 'NO_SPACE' } } },
  });
  world.isDiskFull = false;
  await until(world, () => world.plan?.converged === true);
});

t.test('a full disk does not keep the old instance stopped after a failed stop-first swap', async (t) => {
  const world = aWorld();
  const entry = (release: number, version: string): ReturnType<typeof aRunEntry> =>
    aRunEntry({ release, services: { web: { version, order: 'stop-first' } } });
  world.assign([entry(1, 'a')]);
  await until(world, () => world.plan?.converged === true);
  let hasStopped = false;
  world.onEffect = (action) => {
    if (action.kind !== 'stop') return;
    hasStopped = true;
    world.isDiskFull = true;
  };
  world.assign([entry(2, '1')]);

  await until(world, () => hasStopped && world.serving('web', 'web') === 1);

  t.match(world.plan?.apps, { web: { release: 1, attempt: { state: 'failed', release: 2 } } });
  t.equal(world.disk.get(web)?.attempt?.state, 'running', 'the disk does not know it yet');
  world.isDiskFull = false;
  await until(world, () => world.disk.get(web)?.attempt?.state === 'failed');
  t.equal(world.serving('web', 'web'), 1);
});
