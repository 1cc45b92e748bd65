import { setImmediate as pause } from 'node:timers/promises';
import t from 'tap';
import type { LiveHost } from '../../../../coordinator/ports.ts';
import { FleetReconciler } from '../../../../coordinator/rollout/fleet-reconciler.ts';
import type { FleetReconcilerOptions } from '../../../../coordinator/rollout/fleet-reconciler.ts';
import { nodeTimers } from '../../../../coordinator/rollout/timers.ts';
import type { NewEvent, Target } from '../../../../coordinator/store/records.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { HostId } from '../../../../fleet/ids.ts';
import {
  anAppReport,
  anAppSpec,
  anAttempt,
  appName,
  aRelease,
  aService,
  deploymentId,
} from '../../../support/app-builders.ts';
import { FakeTimers } from '../../../support/fake-timers.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { aLiveHost } from '../../../support/live-host.ts';
import { pollUntil } from '../../../support/poll-until.ts';

t.test('FleetReconciler: an app that cannot be looked at does not keep the others from theirs', async (t) => {
  const asked: string[] = [];
  const faults: unknown[] = [];
  let reachedLast: () => void = () => undefined;
  const last = new Promise<void>((resolve) => (reachedLast = resolve));
  const current = ['broken', 'other'].map((name, index) => ({
    release: { app: appName(name), number: 1 },
    deployment: deploymentId(index),
  }));
  const store = {
    currentReleases: () => Promise.resolve(current),
    loadPlaces: ({ deployment }: { readonly deployment: string }) => {
      asked.push(deployment);
      if (deployment === deploymentId(1)) reachedLast();
      const code = deployment === deploymentId(0) ? 'STATE_FILE_INVALID' : 'CONFLICT';
      return Promise.reject(new LongshoreError(code, 'read it'));
    },
  };
  const reconciler = new FleetReconciler({
    imageVolumes: () => Promise.resolve([]),
    store: store as unknown as FleetReconcilerOptions['store'],
    directory: { rows: () => Promise.resolve([]) } as unknown as FleetReconcilerOptions['directory'],
    live: () => null,
    assignmentsChanged: () => undefined,
    onFault: (error) => faults.push(error),
    startedAt: 0,
    now: () => 0,
    timers: nodeTimers,
  });
  reconciler.changed();
  await last;
  await reconciler.stop();

  t.same(asked, [deploymentId(0), deploymentId(1)]);
  t.match(faults, [{ code: 'STATE_FILE_INVALID' }], 'and what is wrong with it is said');
});

t.test('FleetReconciler: nobody looks for the hosts of an app that was removed while one waited', async (t) => {
  const app = appName('gone');
  const spec = anAppSpec({ name: app, hosts: { labels: {}, pools: [], names: ['takes-over'] } });
  const [leaving, taking] = [aHostRow(1, { name: 'leaves' }), aHostRow(2, { name: 'takes-over' })];
  const current = { release: { app, number: 2 }, deployment: deploymentId(2) };
  const target = { kind: 'run', app, release: 2, deployment: deploymentId(2), attempt: 1, rollback: false } as const;
  let isRemoved = false;
  let looks = 0;
  const store = {
    currentReleases: async () => {
      looks += 1;
      return isRemoved ? [] : [current];
    },
    loadPlaces: async () => ({
      release: aRelease({ app, spec }),
      newer: [],
      placed: [],
      targets: [leaving, taking].map(({ id }) => ({ ...target, host: id, replicas: { web: 1 } })),
      lastAttempts: {},
    }),
  };
  const reconciler = new FleetReconciler({
    imageVolumes: () => Promise.resolve([]),
    store: store as unknown as FleetReconcilerOptions['store'],
    directory: { rows: async () => [leaving, taking] } as unknown as FleetReconcilerOptions['directory'],
    live: () => null,
    assignmentsChanged: () => undefined,
    onFault: (error) => t.fail(String(error)),
    startedAt: 0,
    now: () => 0,
    timers: nodeTimers,
  });
  t.teardown(() => reconciler.stop());
  /** A look begins with a timer. */
  const willLook = (happens: () => void): boolean => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    happens();
    return timers() > before;
  };
  const look = async (count: number): Promise<void> => {
    await pollUntil(
      async () => looks,
      (found) => found >= count,
    );
    // What was found is written down by now: the store answers at once.
    await new Promise((resolve) => setImmediate(resolve));
  };
  reconciler.lookAt(app);
  await look(1);
  t.ok(
    willLook(() => reconciler.hostChanged()),
    'a host that comes may be the one that takes over',
  );
  await look(2);

  isRemoved = true;
  reconciler.hostChanged();
  await look(3);

  t.notOk(willLook(() => reconciler.hostChanged()));
});

t.test('FleetReconciler: what no newer deployment chose to leave goes to the release of the app', async (t) => {
  const app = appName('web');
  const host = aHostRow(1);
  const left = { kind: 'run', host: host.id, app, release: 3, deployment: deploymentId(3), attempt: 4 } as const;
  let written: (values: unknown) => void = () => undefined;
  const targets = new Promise((resolve) => (written = resolve));
  const store = {
    currentReleases: async () => [{ release: { app, number: 2 }, deployment: deploymentId(2) }],
    loadPlaces: async () => ({
      release: aRelease(),
      newer: [],
      placed: [],
      targets: [{ ...left, rollback: false, replicas: { web: 1 } }],
      lastAttempts: { [host.id]: 4 },
    }),
    applyFleet: async (args: { readonly targets: unknown }) => written(args.targets),
  };
  const reconciler = new FleetReconciler({
    imageVolumes: () => Promise.resolve([]),
    store: store as unknown as FleetReconcilerOptions['store'],
    directory: { rows: async () => [host] } as unknown as FleetReconcilerOptions['directory'],
    live: () => null,
    assignmentsChanged: () => undefined,
    onFault: (error) => t.fail(String(error)),
    startedAt: 0,
    now: () => 0,
    timers: nodeTimers,
  });
  t.teardown(() => reconciler.stop());
  reconciler.changed();

  t.match(await targets, [{ kind: 'run', host: host.id, release: 2, attempt: 5 }]);
});

t.test(
  'FleetReconciler: a replacement that failed is told once, and another host tried; then the host leaves',
  async (t) => {
    const app = appName('web');
    const [leaving, failing, third] = [aHostRow(1, { availability: 'draining' }), aHostRow(2), aHostRow(3)];
    const target = { kind: 'run', app, release: 2, deployment: deploymentId(2), rollback: false } as const;
    let targets: Target[] = [{ ...target, host: leaving.id, attempt: 1, replicas: { web: 1 } }];
    const live = new Map<HostId, LiveHost>();
    const answer = (host: HostId, state: 'passed' | 'failed'): void => {
      const given = targets.find((found) => found.host === host);
      if (given?.kind !== 'run') throw new Error(`${host} has no target`);
      const attempt = anAttempt({ attempt: given.attempt, deployment: deploymentId(2), state });
      live.set(
        host,
        aLiveHost({ connected: true, apps: { web: anAppReport({ attempt, converged: state === 'passed' }) } }),
      );
    };
    for (const { id } of [leaving, failing, third]) live.set(id, aLiveHost({ connected: true }));
    const kinds: string[] = [];
    let looks = 0;
    const store = {
      currentReleases: async () => [{ release: { app, number: 2 }, deployment: deploymentId(2) }],
      loadPlaces: async () => {
        looks += 1;
        const spec = anAppSpec({ name: app, services: { web: aService({ replicas: 1 }) } });
        const lastAttempts = Object.fromEntries(
          targets.map((found) => [found.host, found.kind === 'run' ? found.attempt : 1]),
        );
        const placed = targets.map(({ host }) => host).filter((host) => host !== leaving.id);
        return { release: aRelease({ app, spec }), newer: [], placed, targets, lastAttempts };
      },
      applyFleet: async (args: { readonly targets: readonly Target[]; readonly events: readonly NewEvent[] }) => {
        const changed = new Set(args.targets.map(({ host }) => host));
        targets = [...targets.filter(({ host }) => !changed.has(host)), ...args.targets];
        kinds.push(...args.events.map(({ kind, host }) => `${kind} ${host ?? ''}`));
      },
    };
    const timers = new FakeTimers();
    const reconciler = new FleetReconciler({
      imageVolumes: () => Promise.resolve([]),
      store: store as unknown as FleetReconcilerOptions['store'],
      directory: { rows: async () => [leaving, failing, third] } as unknown as FleetReconcilerOptions['directory'],
      live: (host) => live.get(host) ?? null,
      assignmentsChanged: () => undefined,
      onFault: (error) => t.fail(String(error)),
      startedAt: 0,
      now: () => 60_000,
      timers,
    });
    t.teardown(() => reconciler.stop());
    const look = async (): Promise<void> => {
      const before = looks;
      reconciler.lookAt(app);
      await timers.advanceTo(timers.monotonicMs() + 1, turns);
      if (looks === before) t.fail('nobody looked');
    };
    const on = (host: HostId): string | null => targets.find((found) => found.host === host)?.kind ?? null;

    await look();
    const first = targets.find(({ host }) => host !== leaving.id)?.host;
    if (first === undefined) throw new Error('nobody takes over');
    const second = first === failing.id ? third.id : failing.id;
    answer(first, 'failed');
    await look();
    t.same([on(leaving.id), on(second)], ['run', 'run'], 'it still serves, and another host is tried');
    await look();
    t.equal(on(leaving.id), 'run', 'which has not answered yet');
    answer(second, 'passed');
    await look();
    t.same([on(leaving.id), on(first), on(second)], ['remove', 'remove', 'run']);
    t.equal(kinds.filter((kind) => kind === `app.not-taken-over ${first}`).length, 1, 'told once');
  },
);

/** The store answers at once. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await pause();
};
