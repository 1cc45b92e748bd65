// Random histories over the real rollouts and the real store. A failure prints its seed; LONGSHORE_SEED=N replays it.
import t from 'tap';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import { between, seededRandom, seeds } from '../support/random.ts';
import { FleetWalk, isUnderWay } from '../support/fleet-walk.ts';
import { WEB } from '../support/store-scenes.ts';

/** Every host that runs the app runs the app's release, or a person can see at one glance why it does not. */
async function unexplained(walk: FleetWalk): Promise<string | null> {
  const succeeded = (await walk.store.app({ app: WEB }))?.succeeded ?? null;
  // Before the first success there is no release of the app that hosts could be on.
  if (succeeded === null) return null;
  const hosts = new Map((await walk.hosts()).map((host) => [host.id, host]));
  for (const target of await walk.store.targetsOfApp({ app: WEB })) {
    if (target.kind === 'remove') return `${target.host} is still to remove it`;
    if (target.release === succeeded) continue;
    const left = await walk.store.deployment({ id: target.deployment });
    const steps = await walk.store.stepsOfHost({ host: target.host, deployments: [target.deployment] });
    const isNamed = steps[target.deployment] !== undefined;
    if (isNamed && left !== null && (left.state === 'cancelled' || left.state === 'failed')) continue;
    const availability = hosts.get(target.host)?.availability;
    if (availability === 'paused') continue;
    const text = `${target.host} (${String(availability)}) is on release ${target.release} by ${target.deployment}`;
    return `${text} (${String(left?.state)}), the app on ${String(succeeded)}`;
  }
  return null;
}

async function brokenRule(walk: FleetWalk, acts: number): Promise<string | null> {
  for (let act = 0; act < acts; act += 1) {
    await walk.act();
    const moving = (await walk.store.unendedDeployments({ app: null })).filter(isUnderWay);
    if (moving.length > 1) return `${moving.map(({ id }) => id).join(' and ')} are under way at once`;
  }
  const stuck: readonly DeploymentSummary[] = await walk.ending();
  if (stuck.length > 0) return `${stuck.map(({ id, state }) => `${id} stays ${state}`).join(', ')} for ever`;
  walk.connectAll();
  for (let round = 0; round < 6; round += 1) {
    await walk.settle();
    await walk.agents(1);
    await walk.passes(31_000);
  }
  const [fault] = walk.faults;
  if (fault !== undefined) return `a fault was logged: ${fault instanceof Error ? fault.message : 'unknown'}`;
  return unexplained(walk);
}

t.test(
  'rollouts: every deployment ends, one at a time, and leaves no host on a release that nothing names',
  async (t) => {
    for (const seed of seeds(60)) {
      const random = seededRandom(seed);
      const walk = await FleetWalk.start(random);
      const broken = await brokenRule(walk, between(random, 10, 40)).finally(() => walk.dispose());
      if (broken === null) continue;
      t.comment(walk.history.join('\n'));
      t.fail(`seed ${seed}: ${broken}`);
      return;
    }
    t.pass('all seeds');
  },
);
