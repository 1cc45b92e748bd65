// Random fleets, policies and misfortunes. A failure prints its seed; LONGSHORE_SEED=N replays it.
import t from 'tap';
import { hasEnded } from '../../fleet/deployment.ts';
import type { HostId } from '../../fleet/ids.ts';
import { isUnreachable } from '../../coordinator/rollout/host-fact.ts';
import { nextChanges } from '../../coordinator/rollout/next-changes.ts';
import type { RolloutChanges } from '../../coordinator/rollout/rollout-draft.ts';
import { wavesOf } from '../../coordinator/rollout/waves.ts';
import type { RolloutPolicy, WaveSize } from '../../fleet/rollout-policy.ts';
import { between, pick, seededRandom, seeds } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { RolloutWorld } from '../support/rollout-world.ts';

const WAVES: readonly [readonly WaveSize[], ...(readonly WaveSize[])[]] = [
  [{ kind: 'every', hosts: 0 }],
  [{ kind: 'every', hosts: 2 }],
  [
    { kind: 'count', hosts: 1 },
    { kind: 'percent', percent: 50 },
  ],
  [
    { kind: 'count', hosts: 1 },
    { kind: 'count', hosts: 3 },
    { kind: 'every', hosts: 2 },
  ],
];

/** Closes 20 s after the worlds begin. */
const NIGHT = { days: [], fromMinute: 0, toMinute: 17 };
const SCHEDULE = { kind: 'schedule', detail: '@hourly' } as const;

function randomPolicy(random: Random): Partial<RolloutPolicy> {
  return {
    waves: pick(random, WAVES),
    monitorMs: pick(random, [0, 0, 5_000]),
    delayMs: pick(random, [0, 0, 3_000]),
    maxFailureRatio: pick(random, [0, 0.25, 0.5, 1]),
    failureAction: pick(random, ['rollback', 'rollback', 'pause', 'continue']),
    deadlineMs: pick(random, [60_000, 600_000]),
    rollbackParallelism: pick(random, [0, 0, 1, 3]),
  };
}

/** One thing that happens: an answer, a silence, a return, a removal, time. */
function misfortune(world: RolloutWorld, random: Random): void {
  const hosts = [...world.hosts.keys()];
  const host = hosts[Math.floor(random() * hosts.length)];
  if (host === undefined) return;
  const roll = random();
  const isOffline = world.hosts.get(host)?.offlineSince !== null;
  if (roll < 0.55) {
    if (!isOffline) world.answer(host, random() < 0.85 ? 'passed' : 'failed');
  } else if (roll < 0.65) world.change(host, { offlineSince: isOffline ? null : world.now });
  else if (roll < 0.68) world.change(host, { availability: pick(random, ['active', 'paused', 'draining']) });
  else if (roll < 0.69 && hosts.length > 1) world.hosts.delete(host);
  else if (roll < 0.72 && world.state === 'rolling') world.wish({ kind: 'pause', cause });
  else if (roll < 0.76 && world.state === 'paused') world.wish({ kind: 'resume', cause });
  else if (roll < 0.77 && !hasEnded(world.rollout.deployment.state) && world.state !== 'rolling_back')
    world.wish({ kind: 'cancel', rollback: random() < 0.5, cause });
  else world.now += between(random, 1, 20_000);
}

const cause = { kind: 'person', token: 'test', note: null } as const;

/** What must hold of each decision, whatever led to it. */
function brokenRule(
  world: RolloutWorld,
  before: RolloutWorld['rollout'],
  movedBefore: ReadonlySet<HostId>,
  changes: RolloutChanges,
): string | null {
  const { deployment } = changes;
  const { once } = deployment;
  const runs = changes.targets.filter((target) => target.kind === 'run');
  const forward = runs.filter((target) => target.release === 2 && target.onlyOnce !== true);
  const back = runs.filter((target) => target.release === 1 && target.host !== once?.host);
  const step = runs.filter((target) => target.onlyOnce === true);
  if (step.length > 0 && (before.deployment.once !== null || step.length > 1)) return 'what runs once began twice';
  if (forward.length > 0 && once !== null && once.state !== 'passed') return 'a wave began before what runs once';
  if (once?.state === 'failed' && (deployment.state !== 'failed' || movedBefore.size > 0))
    return 'what runs once failed, and something moved or goes on';
  for (const target of forward) {
    const step = deployment.steps.find((found) => found.host === target.host);
    if (step === undefined || step.wave > deployment.wave) return `${target.host} was moved before its wave`;
    if (world.hosts.get(target.host)?.availability !== 'active')
      return `${target.host} got something new and is not active`;
  }
  if (forward.length + step.length > 0 && !world.isWindowOpen && !deployment.byHand)
    return 'something began outside of the maintenance window';
  if (deployment.wave > before.deployment.wave && forward.length > 0) {
    const early = deployment.steps.find((step) => step.wave < deployment.wave && step.state === 'moving');
    if (early !== undefined)
      return `wave ${deployment.wave} began while ${early.host} of an earlier one had not answered`;
    const last = deployment.steps.filter((step) => step.wave === before.deployment.wave);
    const isUnseen = last.length > 0 && last.every((step) => step.state === 'offline');
    const there = forward.find(({ host }) => world.hosts.get(host)?.offlineSince === null);
    if (isUnseen && there !== undefined)
      return `wave ${deployment.wave} began with ${there.host}, and nobody of the one before had answered`;
  }
  const spared = deployment.steps.find((step) => {
    const was = before.deployment.steps.find((other) => other.host === step.host);
    const fact = world.facts().hosts.get(step.host);
    const fellSilent = fact?.availability === 'active' && (fact.offlineSince ?? 0) > (was?.changedAt ?? 0);
    return was?.state === 'moving' && step.state === 'offline' && fellSilent;
  });
  if (spared !== undefined && !hasEnded(before.deployment.state))
    return `${spared.host} fell silent in its attempt and counts as not connected`;
  for (const target of back) {
    if (!movedBefore.has(target.host)) return `${target.host} went back and had never moved`;
    if (!target.rollback) return `${target.host} does not go back from the disk`;
  }
  for (const target of changes.targets) {
    if (target.kind === 'run' && target.attempt <= (before.lastAttempts[target.host] ?? 0))
      return `${target.host} got an attempt number twice`;
  }
  const limit = before.release.spec.rollout.rollbackParallelism;
  const returning = deployment.steps.filter((step) => {
    const fact = world.facts().hosts.get(step.host);
    return step.state === 'returning' && fact !== undefined && !isUnreachable(fact, world.now);
  });
  // One that was silent may come back while the next returns already; only who begins must keep to it.
  if (back.length > 0 && limit > 0 && returning.length > limit)
    return `${returning.length} go back at once, ${limit} may`;
  if (!hasEnded(deployment.state) && changes.wakeAt === null) return 'it has not ended and nothing would wake it';
  if (deployment.state === 'succeeded' && !deployment.steps.some((step) => step.state === 'passed'))
    return 'it succeeded and no host had passed';
  return null;
}

t.test('nextChanges: keeps its rules in any order of misfortunes, and always ends', (t) => {
  for (const seed of seeds(400)) {
    const random = seededRandom(seed);
    const policy = randomPolicy(random);
    const world = new RolloutWorld({
      hosts: between(random, 1, 12),
      policy,
      fresh: random() < 0.2,
      kind: random() < 0.15 ? 'rollback' : 'deploy',
      ...(random() < 0.5 ? { once: ['a', 'b'] as const } : {}),
      ...(random() < 0.3 ? { window: NIGHT, cause: SCHEDULE } : {}),
    });
    for (let turn = 0; turn < 60 && !hasEnded(world.rollout.deployment.state); turn += 1) {
      const before = world.rollout;
      const movedBefore = new Set(world.moved);
      const changes = world.turn();
      const broken = brokenRule(world, before, movedBefore, changes);
      if (broken !== null) {
        t.fail(`seed ${seed}, turn ${turn}: ${broken}`);
        t.end();
        return;
      }
      const again = nextChanges(world.facts());
      if (again.targets.length + again.events.length + again.steps.length > 0) {
        t.fail(`seed ${seed}, turn ${turn}: the same facts led to another decision`);
        t.end();
        return;
      }
      for (let count = between(random, 0, 3); count > 0 && !hasEnded(world.rollout.deployment.state); count -= 1)
        misfortune(world, random);
    }
    // From here on only time goes by: every state that has not ended has something that ends it.
    for (let turn = 0; turn < 40 && !hasEnded(world.rollout.deployment.state); turn += 1) {
      world.turn();
      if (world.wakeAt !== null) world.now = Math.max(world.now, world.wakeAt);
    }
    if (!hasEnded(world.rollout.deployment.state)) {
      t.fail(`seed ${seed}: it stays ${world.state} for ever`);
      t.end();
      return;
    }
    const left = world.rollout.targets.find(
      (target) => target.kind === 'run' && target.onlyOnce === true && world.hosts.has(target.host),
    );
    if (left !== undefined) {
      t.fail(`seed ${seed}: ${left.host} is left at what runs once, ${world.state}`);
      t.end();
      return;
    }
  }
  t.pass('all seeds');
  t.end();
});

t.test('nextChanges: offline hosts are not counted, however many', (t) => {
  for (const seed of seeds(100)) {
    const random = seededRandom(seed);
    const world = new RolloutWorld({ hosts: between(random, 2, 12) });
    const hosts = [...world.hosts.keys()];
    const alive = between(random, 1, hosts.length - 1);
    hosts.forEach((host, index) => {
      if (index >= alive) world.change(host, { offlineSince: 0 });
    });
    world.turn();
    for (const host of hosts.slice(0, alive)) world.answer(host, 'passed');
    world.turn();
    t.equal(world.state, 'succeeded', `seed ${seed}`);
  }
  t.end();
});

t.test('wavesOf: covers every host once, in order, without an empty wave', (t) => {
  for (const seed of seeds(200)) {
    const random = seededRandom(seed);
    const total = between(random, 1, 60);
    const sizes = Array.from({ length: between(random, 0, 5) }, (): WaveSize => {
      const kind = pick<WaveSize['kind']>(random, ['count', 'percent', 'every']);
      if (kind === 'percent') return { kind, percent: between(random, 1, 100) };
      return { kind, hosts: between(random, kind === 'every' ? 0 : 1, 20) };
    });
    const waves = wavesOf(total, sizes);
    t.equal(waves.length, total, `seed ${seed}`);
    t.ok(
      waves.every((wave, index) => wave === (waves[index - 1] ?? 0) || wave === (waves[index - 1] ?? 0) + 1),
      `seed ${seed}: waves rise by one`,
    );
    t.equal(waves[0], 0, `seed ${seed}`);
  }
  t.end();
});
