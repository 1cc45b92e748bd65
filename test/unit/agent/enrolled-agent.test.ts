import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import type { ContainerEngine } from '../../../agent/engine/container-engine.ts';
import { HostProblems } from '../../../agent/host-problems.ts';
import { EnrolledAgent, type EnrolledAgentParts } from '../../../agent/enrolled-agent.ts';
import { EventQueue } from '../../../agent/report/event-queue.ts';
import type { MetricSample } from '../../../agent/report/host-metrics.ts';
import { METRICS_MS } from '../../../agent/report/plan-report.ts';
import { SealedStore } from '../../../agent/secrets/sealed-store.ts';
import { StreamServer } from '../../../agent/streams/stream-server.ts';
import { hostId } from '../../support/app-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { silentLog } from '../../support/session-stage.ts';
import { aPolicy } from '../../support/host-policy.ts';

const sampleOf = (cpu: number): MetricSample => ({
  ticks: { busy: cpu * 100, total: 100 },
  metrics: {
    cpu,
    cores: 2,
    memoryTotalBytes: 2,
    memoryUsedBytes: 1,
    diskTotalBytes: 2,
    diskFreeBytes: 1,
    uptimeMs: 1,
    restartNeeded: false,
  },
});

interface Stage {
  readonly agent: EnrolledAgent;
  readonly clock: ManualClock;
  readonly events: string[];
  /** What the run came to. */
  readonly ended: () => string | null;
}

/** An agent alone: its reconciler waits for its end, and nobody answers its calls. */
async function stage(t: Test, measure: NonNullable<EnrolledAgentParts['measure']>): Promise<Stage> {
  const clock = new ManualClock();
  const events: string[] = [];
  const queue = new EventQueue(clock);
  const add = queue.add.bind(queue);
  queue.add = (event, app, text) => {
    events.push(`${event}: ${text}`);
    add(event, app, text);
  };
  const engine = {} as ContainerEngine;
  const { privateKey } = generateKeyPairSync('x25519');
  const { store: secrets } = await SealedStore.load('/nonexistent', hostId(1), privateKey);
  const agent = new EnrolledAgent({
    session: {
      identity: { host: hostId(1), process: 'process-1', audiences: ['ws://127.0.0.1:1'], sign: () => '' },
      ca: undefined,
      userAgent: 'longshore-agent/test',
      dial: (_options, { onEnd }) => {
        queueMicrotask(() => onEnd({ code: 1006, reason: '', error: 'nobody is there', status: null }));
        return { bufferedBytes: 0, send: () => undefined, close: () => undefined, destroy: () => undefined };
      },
      clock,
      random: () => 0.5,
      log: silentLog,
    },
    hello: { agentVersion: '0.0.0', platform: 'linux/amd64', labels: {}, ingress: null, boot: null, policy: aPolicy() },
    engine,
    engineDescription: {
      version: '27.0.0',
      apiVersion: '1.41',
      platform: 'linux/amd64',
      imageStore: 'containerd',
      rootDir: '/var/lib/docker',
    },
    reconciler: {
      assign: async () => ({ kind: 'accepted' }),
      run: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      wake: () => undefined,
      reports: () => ({}),
      assignment: () => null,
      currentOrder: () => ({ epoch: 0, generation: 0, hash: '' }),
      lastTurnAtMs: () => null,
      isConverged: () => true,
      waiting: () => null,
      problems: () => [],
    },
    ingress: null,
    hostProblems: new HostProblems({ log: silentLog, onEvent: () => undefined, onChange: () => undefined }),
    secrets,
    streams: new StreamServer({ engine, clock, allowExec: false }),
    resolveDigest: () => Promise.reject(new Error('no registry')),
    events: queue,
    updateAlone: async () => undefined,
    measure,
    clock,
    random: () => 0.5,
    log: silentLog,
    statusLine: () => '',
    onChange: () => undefined,
  });
  const ending = new AbortController();
  let ended: string | null = null;
  const running = agent.run(ending.signal).then(
    () => (ended = 'as told'),
    (error: unknown) => (ended = String(error)),
  );
  t.teardown(async () => {
    ending.abort();
    await running;
  });
  return { agent, clock, events, ended: () => ended };
}

t.test('enrolled agent: a figure of the machine that cannot be read ends nothing', async (t) => {
  const answers: (MetricSample | Error)[] = [
    sampleOf(0.1),
    new Error('EMFILE: too many open files'),
    new Error('EMFILE: too many open files'),
    new Error('/proc/meminfo has no MemAvailable'),
    sampleOf(0.2),
    new Error('EMFILE: too many open files'),
    sampleOf(0.3),
  ];
  const cpus: (number | undefined)[] = [];
  const before: (number | undefined)[] = [];
  const { agent, clock, events, ended } = await stage(t, async (_root, ticks) => {
    before.push(ticks?.busy);
    const answer = answers.shift() ?? sampleOf(1);
    if (answer instanceof Error) throw answer;
    return answer;
  });

  await clock.advance(0);
  for (let sample = 0; sample < 7; sample += 1) {
    cpus.push(agent.hostMetrics?.cpu);
    await clock.advance(METRICS_MS);
  }

  t.equal(ended(), null, 'it runs on');
  t.same(cpus, [0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.3], 'what was measured before stands until there is more');
  t.same(before.slice(0, 7), [undefined, 10, 10, 10, 10, 20, 20]);
  t.same(events, [
    'metrics-unreadable: measure this machine: EMFILE: too many open files',
    'metrics-unreadable: measure this machine: /proc/meminfo has no MemAvailable',
  ]);
});
