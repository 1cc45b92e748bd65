// A host alone: the hourly update under the gate, what it keeps of it, and how a newer order ends it.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { Digest, InstanceId } from '../../fleet/ids.ts';
import { systemClock } from '../../agent/clock.ts';
import { OfflineUpdates } from '../../agent/offline/offline-updates.ts';
import { pinImages } from '../../coordinator/release/pin-images.ts';
import { specHashes } from '../../coordinator/release/spec-hash.ts';
import { Reconciler } from '../../agent/reconcile/reconciler.ts';
import { aRunEntry } from '../support/agent-entries.ts';
import { deploymentId, digest, hostId } from '../support/app-builders.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { FakeEngineSession } from '../support/fake-engine-session.ts';
import { pollUntil } from '../support/poll-until.ts';
import { silentLog } from '../support/session-stage.ts';

const never = new AbortController().signal;

interface Running {
  readonly reconciler: Reconciler;
  readonly offline: OfflineUpdates;
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

class LonelyHost {
  readonly engine = new FakeEngine({ now: () => Date.now() });
  readonly events: string[] = [];
  /** What the registry answers. */
  newest: Digest = digest('a');
  #instances = 0;
  readonly #dir: string;
  #parts: {
    readonly reconciler: Reconciler;
    readonly offline: OfflineUpdates;
    readonly stop: AbortController;
    readonly running: Promise<void>;
  } | null = null;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async make(t: Test): Promise<LonelyHost> {
    const host = new LonelyHost(await mkdtemp(path.join(os.tmpdir(), 'longshore-offline-')));
    const settling = setInterval(() => host.engine.settle(), 3);
    t.teardown(async () => {
      clearInterval(settling);
      await host.stop();
      await rm(host.#dir, { recursive: true, force: true });
    });
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    const stop = new AbortController();
    const offline = await OfflineUpdates.load({
      stateDir: this.#dir,
      clock: systemClock,
      resolveDigest: async () => this.newest,
      onEvent: (event) => void this.events.push(event),
    });
    const reconciler = await Reconciler.open({
      engine: new FakeEngineSession(this.engine, hostId(1)),
      ingress: null,
      files: { ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }), prune: async () => undefined },
      stateDir: this.#dir,
      host: hostId(1),
      cores: 2,
      subnetPool: '10.213.0.0/16',
      clock: systemClock,
      random: () => 0.5,
      mask: (text) => text,
      newInstanceId: () => `i-${(this.#instances += 1).toString(16).padStart(12, '0')}` as InstanceId,
      policy: () => null,
      log: silentLog,
      onReport: (reports) =>
        void offline.review(reconciler.assignment(), reports).then((again) => {
          if (again) reconciler.wake();
        }),
      onEvent: () => undefined,
      effective: (assignment) => offline.effective(assignment),
    });
    this.#parts = { reconciler, offline, stop, running: reconciler.run(stop.signal) };
  }

  async stop(): Promise<void> {
    this.#parts?.stop.abort();
    await this.#parts?.running;
  }

  get #now(): Running {
    if (this.#parts === null) throw new Error('the host does not run');
    return this.#parts;
  }

  async order(generation: number, entry: RunEntry): Promise<void> {
    await this.#now.reconciler.assign(
      { host: hostId(1), epoch: 1, generation, entries: [entry] },
      `hash-${generation}`,
    );
  }

  async tick(entry: RunEntry): Promise<boolean> {
    const isNew = await this.#now.offline.update(entry, never);
    if (isNew) this.#now.reconciler.wake();
    return isNew;
  }

  report(): AppReport | undefined {
    return this.#now.offline.withProposals(this.#now.reconciler.reports()).web;
  }

  /** Letters of the digests that run. */
  running(): string {
    return [...this.engine.containers.values()]
      .map((each) => each.plan.service.spec.image.digest?.at(-1) ?? '')
      .join('');
  }

  async settled(letter: string): Promise<void> {
    await pollUntil(
      async () => ({ running: this.running(), converged: this.report()?.converged ?? false }),
      (seen) => seen.running === letter && seen.converged,
    );
  }
}

const entry = aRunEntry({ release: 1, services: { web: { version: 'a' } } });

async function hostWithApp(t: Test): Promise<LonelyHost> {
  const host = await LonelyHost.make(t);
  host.engine.offerImage(digest('a'), {});
  await host.order(1, entry);
  await host.settled('a');
  return host;
}

t.test('offline update: a newer image passes the gate and is kept as a proposal, over a restart too', async (t) => {
  const host = await hostWithApp(t);
  t.equal(await host.tick(entry), false, 'nothing newer');
  host.engine.offerImage(digest('b'), {});
  host.newest = digest('b');

  t.equal(await host.tick(entry), true);
  await host.settled('b');

  t.same(host.report()?.proposal, { web: digest('b') });
  t.same(host.events, ['offline-update']);
  await host.stop();
  await host.start();
  await host.settled('b');
  t.same(host.report()?.proposal, { web: digest('b') });
  t.equal(await host.tick(entry), false, 'the same is not tried again');
});

t.test('offline update: one that fails its gate goes back and is not tried again', async (t) => {
  const host = await hostWithApp(t);
  host.engine.offerImage(digest('b'), { healthyAfterMs: null, exitAfterMs: 5 });
  host.newest = digest('b');

  await host.tick(entry);
  await pollUntil(
    async () => host.report()?.attempt?.attempt,
    (attempt) => attempt === entry.attempt,
  );
  await host.settled('a');

  t.equal(host.report()?.proposal, null);
  t.equal(await host.tick(entry), false);
});

t.test('offline update: any newer order of the coordinator ends it', async (t) => {
  const host = await hostWithApp(t);
  host.engine.offerImage(digest('b'), {});
  host.newest = digest('b');
  await host.tick(entry);
  await host.settled('b');

  await host.order(2, { ...entry, attempt: entry.attempt + 1 });

  await host.settled('a');
  t.equal(host.report()?.proposal, null);
});

t.test('offline update: its adoption as a release keeps the container that runs', async (t) => {
  const host = await hostWithApp(t);
  host.engine.offerImage(digest('b'), {});
  host.newest = digest('b');
  await host.tick(entry);
  await host.settled('b');
  const before = host.report()?.instances.map((instance) => instance.id);

  const spec = pinImages(entry.spec, { web: digest('b') });
  const adopted = { ...entry, release: 2, deployment: deploymentId(2), spec, hashes: specHashes(spec, {}) };
  await host.order(2, adopted);
  await pollUntil(
    async () => host.report(),
    (report) => report?.release === 2 && report.converged,
  );

  t.same(
    host.report()?.instances.map((instance) => instance.id),
    before,
  );
  t.match(host.report(), { proposal: null, attempt: { state: 'passed', release: 2 } });
});

t.test('offline update: not outside of its maintenance window', async (t) => {
  const host = await hostWithApp(t);
  host.newest = digest('b');
  const hour = new Date().getUTCHours() * 60;
  const window = { days: [], fromMinute: (hour + 300) % 1_440, toMinute: (hour + 360) % 1_440 };
  const schedule = { cron: '@hourly', timeZone: 'UTC', splayMs: 0, window };

  t.equal(await host.tick({ ...entry, spec: { ...entry.spec, schedule } }), false);
});
