// The planner under random apps, orders of execution, failures and kills: what must hold in every history.
import t from 'tap';
import type { PortSpec } from '../../fleet/app-spec.ts';
import type { AssignmentEntry, RunEntry } from '../../fleet/assignment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import { keysOf, serviceOfKey } from '../../agent/state/app-journal.ts';
import { aRunEntry, ROUTE, type TestService } from '../support/agent-entries.ts';
import { appName, deploymentId, digest } from '../support/app-builders.ts';
import { type Chances, PlannerWorld } from '../support/planner-world.ts';
import { between, pick, type Random, seededRandom, seeds } from '../support/random.ts';

/** Versions whose containers work, at once or after a while. */
const GOOD = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
/** Ends at once; never healthy; healthy and then not. */
const BAD = ['1', '2', '3'] as const;
/** A service with a host port has another hash than one without. */
const PLAIN = ['a', 'b', 'c', 'd'] as const;
const GOOD_WITH_PORT = ['e', 'f'] as const;
const BAD_WITH_PORT = '4';
const SERVICES = ['web', 'api', 'db'] as const;
const TURNS = 3_000;

function stagedWorld(random: Random, chances: Chances): PlannerWorld {
  const world = new PlannerWorld(random, chances);
  for (const [index, letter] of GOOD.entries())
    world.engine.offerImage(digest(letter), { healthyAfterMs: (index % PLAIN.length) * 700 });
  for (const letter of ['1', BAD_WITH_PORT])
    world.engine.offerImage(digest(letter), { exitAfterMs: 100, exitCode: 1, healthyAfterMs: null });
  world.engine.offerImage(digest('2'), { healthyAfterMs: null });
  world.engine.offerImage(digest('3'), { healthyAfterMs: 100, unhealthyAfterMs: 900 });
  return world;
}

const hostPort = (app: string): PortSpec => ({
  container: 80,
  host: app === 'one' ? 7_001 : 7_002,
  hostIp: null,
  protocol: 'tcp',
});

function aVersion(random: Random, isGood: boolean, hasPort: boolean): string {
  if (hasPort) return isGood ? pick(random, GOOD_WITH_PORT) : BAD_WITH_PORT;
  return isGood ? pick(random, PLAIN) : pick(random, BAD);
}

function anEntry(random: Random, app: string, release: number, isGood: boolean): RunEntry {
  const services: Record<string, TestService> = {};
  const count = between(random, 1, SERVICES.length);
  /** The app's one host port, which moves between its services. */
  const withPort = random() < 0.4 ? SERVICES[between(random, 0, count - 1)] : null;
  for (const [index, name] of SERVICES.slice(0, count).entries()) {
    const dependency = SERVICES[index - 1];
    services[name] = {
      version: aVersion(random, isGood || random() < 0.5, withPort === name),
      copies: withPort === name ? 1 : between(random, 1, 2),
      ports: withPort === name ? [hostPort(app)] : [],
      order: withPort === name || random() < 0.3 ? 'stop-first' : 'start-first',
      ingress: random() < 0.5 ? ROUTE.map((route) => ({ ...route, host: `${app}.test` })) : [],
      dependsOn: dependency !== undefined && random() < 0.5 ? { [dependency]: 'healthy' } : {},
      // Longer than a pull of another app takes here, during which nothing is probed.
      gate: { minHealthyMs: pick(random, [0, 0, 2_000]), healthyDeadlineMs: 100_000, progressDeadlineMs: 600_000 },
    };
  }
  return aRunEntry({ app, release, services });
}

const isGoodEntry = (entry: RunEntry): boolean =>
  keysOf(entry).every((key) => {
    const hash = entry.hashes[key.slice(0, key.indexOf('/'))];
    return GOOD.some((letter) => letter === hash?.[3]);
  });

/** Start-first services that serve must go on serving, whatever happens to the agent. */
function watchServing(world: PlannerWorld, complain: (text: string) => void): void {
  const hasServed = new Set<string>();
  world.onOutage = () => hasServed.clear();
  world.onEffect = (action) => {
    if (action.kind === 'stop') {
      const stopped = [...world.engine.containers.values()].find((each) => each.plan.instance === action.instance);
      const routed = world.ingress.upstreams[`${action.app}/${action.service}`] ?? [];
      if (stopped !== undefined && routed.includes(stopped.address ?? ''))
        complain(`${action.instance} of ${action.service} stopped while traffic went to it`);
    }
    for (const journal of world.disk.values()) {
      const entry = journal.committed?.entry;
      const target = world.entries.find((each) => each.app === journal.app);
      if (entry === undefined || entry === null || target?.kind === 'remove') continue;
      for (const [service, spec] of Object.entries(entry.spec.services)) {
        const name = `${journal.app}/${service}`;
        const next = journal.attempt?.entry.spec.services[service]?.order ?? 'start-first';
        const isStopFirst =
          spec.order === 'stop-first' || next === 'stop-first' || (journal.attempt?.stopped.length ?? 0) > 0;
        // One that stops working by itself can pass a short gate; nobody took it away.
        const worksForGood = GOOD.some((letter) => letter === entry.hashes[service]?.[3]);
        const count = world.serving(journal.app, service);
        if (isStopFirst || !worksForGood) hasServed.delete(name);
        else if (count > 0) hasServed.add(name);
        else if (hasServed.has(name)) complain(`nobody serves ${name} after ${action.kind}`);
      }
    }
  };
}

/**
 * Under the names of the services that an attempt replaces a candidate finds candidates only, and what serves finds none
 * before all of them run.
 */
function watchNames(world: PlannerWorld, complain: (text: string) => void): void {
  const before = world.onEffect;
  world.onEffect = (action) => {
    before(action);
    const containers = [...world.engine.containers.values()].filter((each) => each.isRunning(world.nowMs));
    for (const { attempt, committed } of world.disk.values()) {
      if (attempt?.state !== 'running' || committed === null) continue;
      const candidates = new Set<string>(Object.values(attempt.candidates).map((record) => record.instance));
      const serving = new Set<string>(Object.values(committed.instances).map((record) => record.instance));
      const areAllUp = [...candidates].every((id) => containers.some((each) => each.plan.instance === id));
      for (const service of new Set(Object.keys(committed.instances).map(serviceOfKey))) {
        const keys = keysOf(attempt.entry).filter((key) => serviceOfKey(key) === service);
        if (keys.length === 0 || keys.some((key) => attempt.candidates[key] === undefined)) continue;
        for (const each of containers) {
          const found = world.engine.resolve(each, service).map((other) => other.plan.instance);
          if (candidates.has(each.plan.instance) && keysOf(attempt.entry).length > 1) {
            const old = found.find((id) => !candidates.has(id));
            if (old !== undefined) complain(`candidate ${each.plan.service.name} finds ${old} as ${service}`);
          } else if (serving.has(each.plan.instance) && attempt.stopped.length === 0 && !areAllUp) {
            const early = found.find((id) => candidates.has(id));
            if (early !== undefined && found.length > 1) complain(`serving ${each.plan.service.name} finds ${early}`);
          }
        }
      }
    }
  };
}

async function untilQuiet(world: PlannerWorld): Promise<boolean> {
  for (let turn = 0, quiet = 0; turn < TURNS; turn += 1) {
    quiet = (await world.turn()) ? quiet + 1 : 0;
    // What waits (a gate, a retry) goes on after some time; long quiet means the end.
    if (quiet > 150) return true;
  }
  return false;
}

function hasVerdict(world: PlannerWorld, entry: RunEntry): boolean {
  const attempt = world.disk.get(entry.app)?.attempt;
  return attempt?.entry.release === entry.release && attempt.state !== 'running';
}

interface Checks {
  ok(value: boolean, message: string): void;
  same(found: unknown, wanted: unknown, message: string): void;
}

/** What the disk and the engine say together, once nothing is left to do. */
function expectClean(test: Checks, world: PlannerWorld, app: AppName): void {
  const { committed } = world.disk.get(app) ?? {};
  const wanted = Object.values(committed?.instances ?? {}).map((record) => record.instance);
  const there = [...world.engine.containers.values()].filter((each) => each.plan.app === app);
  const ids = there.map((each) => each.plan.instance);
  const detail = `${ids.join()} for ${wanted.join()}; ${JSON.stringify(world.plan?.waits)}`;
  test.ok(
    ids.length === wanted.length && wanted.every((id) => ids.includes(id)),
    `${app}: exactly what is committed: ${detail}`,
  );
  test.ok(
    there.every((each) => each.isRunning(world.nowMs)),
    `${app}: all run`,
  );
  for (const each of wanted.length > 1 ? there : []) {
    for (const service of new Set(there.map((other) => other.plan.service.name))) {
      const all = there.filter((other) => other.plan.service.name === service).map((other) => other.plan.instance);
      const found = world.engine.resolve(each, service).map((other) => other.plan.instance);
      test.same([...found].sort(), [...all].sort(), `${app}: ${each.plan.service.name} finds ${service}`);
    }
  }
  test.ok(
    there.every((each) => each.observe(world.nowMs).restartPolicy === 'always'),
    `${app}: all have their restart policy`,
  );
}

for (const seed of seeds(30)) {
  t.test(
    `nextActions: random histories end clean and never take the last serving one (LONGSHORE_SEED=${seed})`,
    async (t) => {
      const random = seededRandom(seed);
      const chances = { act: 0.3 + 0.7 * random(), fail: 0.05, kill: random() < 0.7 ? 0.03 : 0 };
      const world = stagedWorld(random, chances);
      const complaints: string[] = [];
      watchServing(world, (text) => complaints.push(text));
      watchNames(world, (text) => complaints.push(text));
      const apps = ['one', 'two'].slice(0, between(random, 1, 2));
      let entries: readonly AssignmentEntry[] = [];
      for (let release = 1; release <= between(random, 2, 5); release += 1) {
        entries = apps.map((app) => anEntry(random, app, release, release === 1 || random() < 0.6));
        world.assign(entries);
        if (release === 1) await untilQuiet(world);
        else for (let turn = between(random, 0, 120); turn > 0; turn -= 1) await world.turn();
      }

      t.ok(
        await untilQuiet(world),
        `it comes to an end: ${JSON.stringify(world.plan?.actions.map((each) => each.kind))}`,
      );
      t.same(complaints.slice(0, 3), [], `served throughout (${world.kills} kills)`);
      for (const entry of entries) {
        if (entry.kind !== 'run') continue;
        const attempt = world.disk.get(entry.app)?.attempt;
        if (isGoodEntry(entry))
          t.equal(attempt?.state, 'passed', `${entry.app}: a good entry passes: ${attempt?.problem?.message ?? ''}`);
        else t.not(attempt?.state, 'running', `${entry.app}: there is a verdict`);
        expectClean(t, world, entry.app);
      }

      world.assign(apps.map((app) => ({ kind: 'remove', app: appName(app), volumes: true })));
      t.ok(await untilQuiet(world), 'removal comes to an end');
      t.equal(world.engine.containers.size + world.engine.networks.size + world.engine.tags.size, 0, 'nothing is left');
    },
  );
}

for (const seed of seeds(20)) {
  t.test(
    `nextActions: an engine that goes away in the middle of an attempt fails no good one (LONGSHORE_SEED=${seed})`,
    async (t) => {
      const random = seededRandom(seed);
      const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0, kill: 0, outage: 0.02 });
      const blamed: unknown[] = [];
      for (let release = 1; release <= 3; release += 1) {
        const entry = anEntry(random, 'one', release, true);
        world.assign([entry]);
        for (let turn = 0; turn < TURNS && !hasVerdict(world, entry); turn += 1) {
          await world.turn();
          blamed.push(...(world.plan?.actions ?? []).filter((action) => action.kind === 'mark-failed'));
        }
        const attempt = world.disk.get(entry.app)?.attempt;
        t.equal(attempt?.state, 'passed', `release ${release} passes: ${attempt?.problem?.message ?? ''}`);
      }
      t.same(blamed, [], 'and nobody is blamed meanwhile');
    },
  );

  t.test(`nextActions: a bad one fails in spite of outages (LONGSHORE_SEED=${seed})`, async (t) => {
    const random = seededRandom(seed);
    const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0, kill: 0, outage: 0.005 });
    const gate = { minHealthyMs: 2_000, healthyDeadlineMs: 20_000, progressDeadlineMs: 600_000 };
    const entry = aRunEntry({ release: 1, services: { web: { version: pick(random, BAD), gate } } });
    world.assign([entry]);
    for (let turn = 0; turn < TURNS && !hasVerdict(world, entry); turn += 1) await world.turn();
    t.equal(world.disk.get(entry.app)?.attempt?.state, 'failed');
  });
}

for (const seed of seeds(10)) {
  t.test(
    `nextActions: an attempt passes only while all that it leaves alone runs (LONGSHORE_SEED=${seed})`,
    async (t) => {
      const random = seededRandom(seed);
      const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0.05, kill: random() < 0.5 ? 0.02 : 0 });
      const first = anEntry(random, 'one', 1, true);
      world.assign([first]);
      await untilQuiet(world);
      const down: string[] = [];
      world.onEffect = (action) => {
        const { committed, attempt } = world.disk.get(first.app) ?? {};
        if (action.kind !== 'commit' || attempt?.state !== 'passed') return;
        const kept = Object.values(committed?.instances ?? {}).map((record) => record.instance);
        const there = [...world.engine.containers.values()];
        down.push(
          ...kept.filter((id) => !there.some((each) => each.plan.instance === id && each.isRunning(world.nowMs))),
        );
      };
      for (let attempt = 2; attempt <= 4; attempt += 1) {
        for (const each of world.engine.containers.values()) if (random() < 0.6) each.stop(world.nowMs);
        const refusals = between(random, 0, 3);
        if (refusals > 0) world.engine.failNext('start', new LongshoreError('PORT_IN_USE', 'start it'), refusals);
        const entry = { ...first, attempt, deployment: deploymentId(attempt) };
        world.assign([entry]);
        for (let turn = 0; turn < TURNS && !hasAttemptVerdict(world, entry); turn += 1) await world.turn();
        t.equal(world.disk.get(first.app)?.attempt?.state, 'passed', `attempt ${attempt}`);
      }
      t.same(down, []);
    },
  );
}

function hasAttemptVerdict(world: PlannerWorld, entry: RunEntry): boolean {
  const attempt = world.disk.get(entry.app)?.attempt;
  return attempt?.entry.attempt === entry.attempt && attempt.state !== 'running';
}

for (const seed of seeds(10)) {
  t.test(
    `nextActions: after the loss of every journal nothing is removed unconfirmed (LONGSHORE_SEED=${seed})`,
    async (t) => {
      const random = seededRandom(seed);
      const world = stagedWorld(random, { act: 0.6, fail: 0, kill: 0 });
      world.assign([anEntry(random, 'one', 1, true)]);
      await untilQuiet(world);
      world.assign([anEntry(random, 'one', 2, true)]);
      for (let turn = between(random, 0, 30); turn > 0; turn -= 1) await world.turn();

      world.loseJournals();
      const before = [...world.engine.containers.keys()];
      const stops = (): number =>
        world.engine.effects.filter((each) => each.operation === 'stop' || each.operation === 'remove').length;
      const stopped = stops();
      for (let turn = 0; turn < 60; turn += 1) await world.turn();
      t.equal(stops(), stopped, 'nothing stops or goes');
      t.same([...world.engine.containers.keys()], before);

      world.confirm();
      t.ok(await untilQuiet(world), 'it comes to an end');
      t.equal(world.disk.get(appName('one'))?.attempt?.state, 'passed');
      expectClean(t, world, appName('one'));
    },
  );
}

for (const seed of seeds(10)) {
  t.test(
    `nextActions: a completed one-shot runs once, is pruned at will, and is left out on the way back (LONGSHORE_SEED=${seed})`,
    async (t) => {
      const random = seededRandom(seed);
      const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0.05, kill: 0 });
      world.engine.offerImage(digest('8'), { exitAfterMs: 300, healthyAfterMs: null });
      const migrations = new Set<string>();
      world.onEffect = (action) => {
        if (action.kind === 'start' && action.service === 'migrate') migrations.add(action.instance);
      };
      const prune = (): void => {
        const noted = new Set([...world.disk.values()].flatMap((journal) => Object.keys(journal.completions)));
        for (const [id, each] of world.engine.containers)
          if (noted.has(each.plan.instance) && random() < 0.5) world.engine.containers.delete(id);
      };
      const web = {
        dependsOn: { migrate: 'completed' },
        gate: { minHealthyMs: 2_000, healthyDeadlineMs: 100_000, progressDeadlineMs: 600_000 },
      } as const;
      const migrate: TestService = { version: '8', restart: { name: 'no', maxAttempts: 0 } };
      for (let release = 1; release <= 3; release += 1) {
        const entry = aRunEntry({
          app: 'one',
          release,
          services: { migrate, web: { version: pick(random, GOOD), ...web } },
        });
        world.assign([entry]);
        for (let turn = 0, quiet = 0; turn < TURNS && quiet < 60; turn += 1) {
          quiet = (await world.turn()) ? quiet + 1 : 0;
          prune();
        }
        t.equal(world.disk.get(entry.app)?.attempt?.state, 'passed');
        t.equal(world.plan?.converged, true);
      }
      const starts = world.engine.effects.filter((each) => each.operation === 'start' && migrations.has(each.object));
      t.equal(starts.length, 1);

      // The older release's migration would fail, and is not asked.
      const older: TestService = { ...migrate, version: '1' };
      const back = aRunEntry({
        app: 'one',
        release: 4,
        rollback: true,
        services: { migrate: older, web: { version: pick(random, GOOD), ...web } },
      });
      world.assign([back]);
      for (let turn = 0, quiet = 0; turn < TURNS && quiet < 60; turn += 1) quiet = (await world.turn()) ? quiet + 1 : 0;
      t.equal(world.disk.get(back.app)?.attempt?.state, 'passed');
      t.equal(world.plan?.converged, true);
    },
  );
}

for (const seed of seeds(8)) {
  t.test(`nextActions: what runs once for a deployment changes nothing else (LONGSHORE_SEED=${seed})`, async (t) => {
    const random = seededRandom(seed);
    const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0.05, kill: random() < 0.7 ? 0.03 : 0 });
    world.engine.offerImage(digest('8'), { exitAfterMs: 300, healthyAfterMs: null });
    world.engine.offerImage(digest('9'), { exitAfterMs: 300, healthyAfterMs: null });
    const complaints: string[] = [];
    watchServing(world, (text) => complaints.push(text));
    const entry = (release: number, versions: readonly [string, string], onlyOnce: boolean): RunEntry =>
      aRunEntry({
        app: 'one',
        release,
        attempt: onlyOnce ? release * 10 : release * 10 + 1,
        once: ['migrate'],
        onlyOnce,
        services: {
          migrate: { version: versions[0], restart: { name: 'no', maxAttempts: 0 } },
          web: { version: versions[1], ingress: ROUTE, dependsOn: { migrate: 'completed' } },
        },
      });
    const settle = async (wanted: RunEntry): Promise<void> => {
      world.assign([wanted]);
      for (let turn = 0, quiet = 0; turn < TURNS && quiet < 60; turn += 1) quiet = (await world.turn()) ? quiet + 1 : 0;
      t.equal(world.disk.get(wanted.app)?.attempt?.state, 'passed');
      t.equal(world.plan?.converged, true);
    };
    const starts = (): number => world.engine.effects.filter((each) => each.operation === 'start').length;

    await settle(entry(1, ['8', 'a'], false));
    t.equal(starts(), 1, 'it runs only when it is asked for');
    await settle(entry(2, ['9', 'b'], true));
    t.equal(starts(), 2);
    t.equal(world.disk.get(appName('one'))?.committed?.release, 1);
    t.equal(world.serving('one', 'web'), 1);
    await settle(entry(2, ['9', 'b'], false));
    t.equal(starts(), 3, 'only the server starts');
    t.equal(world.disk.get(appName('one'))?.committed?.release, 2);
    t.equal(world.engine.containers.size, 2, 'the output of the one-shot stays');
    t.same(complaints, []);
  });

  t.test(`nextActions: what fails once for a deployment leaves all as it was (LONGSHORE_SEED=${seed})`, async (t) => {
    const random = seededRandom(seed);
    const world = stagedWorld(random, { act: 0.3 + 0.7 * random(), fail: 0.05, kill: 0 });
    const entry = (release: number, attempt: number, migrate: string, onlyOnce: boolean): RunEntry =>
      aRunEntry({
        app: 'one',
        release,
        attempt,
        once: ['migrate'],
        onlyOnce,
        rollback: attempt === 3,
        services: { migrate: { version: migrate, restart: { name: 'no', maxAttempts: 0 } }, web: { version: 'a' } },
      });
    const settle = async (wanted: RunEntry): Promise<string | undefined> => {
      world.assign([wanted]);
      for (let turn = 0, quiet = 0; turn < TURNS && quiet < 60; turn += 1) quiet = (await world.turn()) ? quiet + 1 : 0;
      return world.disk.get(wanted.app)?.attempt?.state;
    };
    t.equal(await settle(entry(1, 1, 'a', false)), 'passed');
    const before = [...world.engine.containers.keys()];
    t.equal(await settle(entry(2, 2, '1', true)), 'failed');
    t.equal(await settle(entry(1, 3, 'a', false)), 'passed');
    t.same([...world.engine.containers.keys()], before);
  });
}
