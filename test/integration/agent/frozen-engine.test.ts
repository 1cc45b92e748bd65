// An engine that hangs in the middle of a swap: it takes connections and answers nothing. The agent says so, blames no
// version for it, and when the engine answers again it goes on, with nothing double and nothing left behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { Reconciler } from '../../../agent/reconcile/reconciler.ts';
import { aRunEntry } from '../../support/agent-entries.ts';
import { engineForTests, needed } from '../../support/engine.ts';
import { anInstanceId, realEngine, realScene } from '../../support/engine-scenes.ts';
import { freezableEngine } from '../../support/frozen-engine.ts';
import { pollUntil } from '../../support/poll-until.ts';

const { engine: machine, skip } = await engineForTests();
/** More than a busy engine that is not frozen needs for any call of this test. */
const CALL_LIMIT_MS = 3_000;
const SILENT = /no answer within 3 s/;
/** Where in the swap it freezes; `gate` = while the candidate is probed by a command inside of it. */
const POINTS = ['before:create', 'after:create', 'before:start', 'gate', 'before:stop', 'before:remove'] as const;

t.test('reconciler: an engine that hangs is told, and when it answers the swap goes on', { skip }, async (t) => {
  const { docker } = needed(machine);
  const scene = realScene(needed(machine));
  const stateDir = mkdtempSync(path.join(tmpdir(), 'ls-'));
  const stop = new AbortController();
  const way = await freezableEngine(t);
  const image = await scene.offer('runs');
  const events: string[] = [];
  const seen: string[] = [];
  let freezeAt = '';
  let isFrozen = false;
  const freeze = (): void => {
    isFrozen = true;
    way.freeze();
  };
  const reconciler = await Reconciler.open({
    engine: realEngine(scene.host, { socketPath: way.socketPath, callLimitMs: CALL_LIMIT_MS }),
    ingress: null,
    files: { ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }), prune: async () => undefined },
    stateDir,
    host: scene.host,
    cores: 2,
    subnetPool: scene.subnet(),
    clock: systemClock,
    random: Math.random,
    mask: (text) => text,
    newInstanceId: anInstanceId,
    policy: () => null,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    onReport: (reports) => void seen.push(reports.web?.waiting ?? ''),
    onEvent: (event, _app, text) => void events.push(`${event}: ${text}`),
    faultPoint: (name) => {
      if (name === freezeAt) freeze();
    },
  });
  const running = reconciler.run(stop.signal);
  t.teardown(async () => {
    way.thaw();
    stop.abort();
    await running;
    await scene.close();
    rmSync(stateDir, { recursive: true });
  });
  const containers = async (): Promise<readonly string[]> => {
    const filters = { label: [`longshore.host=${scene.host}`, 'longshore.app=web'] };
    const all = await docker.listContainers({ all: true, filters });
    return all.map(({ State: state, Labels: labels }) => `${state} ${labels['longshore.hash'] ?? ''}`);
  };
  const command = ['sh', '-c', 'trap "exit 0" TERM; sleep 600 & wait'];
  const assign = (release: number, version: string): Promise<unknown> =>
    reconciler.assign(
      {
        host: scene.host,
        epoch: 1,
        generation: release,
        prefetch: [],
        entries: [
          aRunEntry({
            release,
            services: {
              web: {
                version,
                image: { ...image, pull: 'always' },
                command,
                gate: { minHealthyMs: 600, healthyDeadlineMs: 20_000, progressDeadlineMs: 120_000 },
                probe: {
                  check: { kind: 'exec', command: ['true'] },
                  intervalMs: 100,
                  // Each is a command in a container: what a busy engine takes for it blames nobody.
                  timeoutMs: 2_000,
                  retries: 4,
                  startPeriodMs: 0,
                  startIntervalMs: 50,
                },
              },
            },
          }),
        ],
      },
      `hash ${release}`,
    );
  const passed = (release: number): boolean => {
    const { web } = reconciler.reports();
    return web?.attempt?.release === release && web.attempt.state === 'passed' && reconciler.isConverged();
  };
  const until = (is: () => boolean): Promise<boolean> =>
    pollUntil(
      async () => is(),
      (answer) => answer,
      40_000,
    );

  await assign(1, 'a');
  await until(() => passed(1));
  for (const [index, point] of POINTS.entries()) {
    const release = index + 2;
    const version = index % 2 === 0 ? 'b' : 'a';
    const before = reconciler.reports().web?.instances[0];
    freezeAt = point;
    await assign(release, version);
    if (point === 'gate') {
      await until(() => reconciler.reports().web?.attempt?.state === 'gating');
      freeze();
    }
    await until(() => isFrozen && (seen.at(-1) ?? '').includes('no answer within 3 s'));
    freezeAt = '';

    t.notOk(reconciler.isConverged(), point);
    t.match(reconciler.waiting(), SILENT);
    t.match(reconciler.reports().web, { converged: false, waiting: SILENT });
    const still = await docker.listContainers({ filters: { label: [`longshore.host=${scene.host}`] } });
    const ids = still.map(({ Labels: labels }) => labels['longshore.instance']);
    t.ok(point === 'before:remove' || ids.includes(before?.id), `${point}: what served goes on`);

    isFrozen = false;
    way.thaw();
    await until(() => passed(release));
    t.same(
      await pollUntil(containers, (all) => all.length === 1),
      [`running h1:${version.repeat(64)}`],
      `${point}: exactly the new one, and nothing double`,
    );
  }
  t.same(
    events.filter((text) => text.includes('failed')),
    [],
    'nobody is blamed for the engine',
  );
});
