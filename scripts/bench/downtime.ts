// `downtime`: ten deployments in a row under a constant load: none of its requests may fail, no websocket may be cut,
// and its slowest hundredth may be little slower than while the same containers are made straight through the Docker
// API beside the same load.
import { withSocket } from './app-spec.ts';
import type { Bench, BenchTools } from './bench.ts';
import { containersOf, startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { deploySpec } from './deploy-version.ts';
import { renderTable, type Figure } from './figure.ts';
import { startLoadProcess } from './load-process.ts';
import { summarize, type LoadSummary, type Window } from './load/sample.ts';
import { RawContainers } from './raw-containers.ts';

const hosts = ['one', 'two', 'three'];
const deployments = 10;
/** Half of them before the deployments and half after, so that a machine that gets slower or faster favours neither. */
const rawRounds = 10;
const perSecond = 120;
const goal = 1.5;
/** Connections are made and code is warm before anything is measured; what a phase left is over before the next. */
const quietMs = 3_000;

export const downtimeBench: Bench = {
  name: 'downtime',
  summary: 'ten deployments in a row under constant load: failed requests, p99, a websocket held open',
  limitMs: 10 * 60_000,
  run: async (tools) => {
    const { say, signal } = tools;
    const fleet = await startBenchFleet(hosts, signal, { logLevel: 'info' });
    try {
      say('Three agents, first deployment ...');
      await deploySpec(fleet, withSocket(fleet.image, '0'));
      const templates = await containersOf(fleet, 'web');
      const raw = await RawContainers.make(fleet.docker, templates, { network: '10.215', port: 8080 });
      try {
        return await measure(fleet, raw, tools);
      } finally {
        await raw.close();
      }
    } finally {
      await fleet.close();
    }
  },
};

async function measure(fleet: BenchFleet, raw: RawContainers, tools: BenchTools): Promise<readonly Figure[]> {
  const { say, pause, signal } = tools;
  say(`${perSecond} requests a second on three hosts, kept and new connections, reads and uploads ...`);
  const load = await startLoadProcess(fleet.urls, perSecond);
  try {
    await pause(quietMs);
    const idleFrom = Date.now();
    await pause(quietMs);
    const idle = [{ fromAt: idleFrom, toAt: Date.now() }];
    const rawWindows = [await rawPhase(raw, rawRounds / 2, signal)];
    await pause(quietMs);
    const fromAt = Date.now();
    for (let number = 1; number <= deployments; number += 1) {
      signal.throwIfAborted();
      await deploySpec(fleet, withSocket(fleet.image, `${number}`));
    }
    const deploying = [{ fromAt, toAt: Date.now() }];
    await pause(quietMs);
    rawWindows.push(await rawPhase(raw, rawRounds / 2, signal));
    await pause(quietMs);
    const whole = [{ fromAt: 0, toAt: Number.POSITIVE_INFINITY }];
    const { samples, socket } = await load.stop();
    const summaries: readonly (readonly [string, LoadSummary, readonly Window[]])[] = [
      ['nothing', summarize(samples, idle), idle],
      ['raw create and start', summarize(samples, rawWindows), rawWindows],
      [`${deployments} deployments`, summarize(samples, deploying), deploying],
    ];
    const all = summarize(samples, whole);
    say(
      `\n${renderTable(['beside the load', 'seconds', 'requests', 'failed', 'p50 ms', 'p99 ms', 'worst ms'], summaries.map(toRow))}`,
    );
    say(
      `websocket: ${socket.sent} messages sent, ${socket.echoed} came back${socket.broken === null ? '' : `; ${socket.broken}`}`,
    );
    for (const failure of all.failures) say(`failed: ${failure}`);
    const [, floor, product] = summaries.map(([, summary]) => summary);
    return [
      { name: `failed requests of ${all.requests}`, value: all.failed, unit: '', goal: 0 },
      { name: 'websockets cut', value: socket.broken === null ? 0 : 1, unit: '', goal: 0 },
      { name: 'p99 while the raw containers are made', value: floor?.p99Ms ?? Number.NaN, unit: 'ms', goal: null },
      { name: 'p99 while deploying', value: product?.p99Ms ?? Number.NaN, unit: 'ms', goal: null },
      {
        name: 'p99 while deploying over raw',
        value: (product?.p99Ms ?? Number.NaN) / (floor?.p99Ms ?? Number.NaN),
        unit: 'x',
        goal,
      },
    ];
  } finally {
    load.kill();
  }
}

/** Rounds in a row; each makes three new ones, then stops and removes the three before, as deployments do. */
async function rawPhase(raw: RawContainers, rounds: number, signal: AbortSignal): Promise<Window> {
  const fromAt = Date.now();
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    const { removeOld } = await raw.start();
    await removeOld();
  }
  return { fromAt, toAt: Date.now() };
}

function toRow([name, summary, windows]: readonly [string, LoadSummary, readonly Window[]]): readonly (
  string | number
)[] {
  const seconds = windows.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0) / 1000;
  const { requests, failed, p50Ms, p99Ms, worstMs } = summary;
  return [name, seconds.toFixed(1), requests, failed, p50Ms.toFixed(1), p99Ms.toFixed(1), worstMs.toFixed(1)];
}
