// `synth`: what synthesis of a large fleet costs over an empty cdktf app, as whole processes (start, imports and
// all), since that is what a person waits for.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bench, BenchTools } from './bench.ts';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
/** As cdktf's own templates run a program in TypeScript, and as plan.sh runs ours. */
const EMPTY = ['--import=tsx', 'scripts/bench/synth/empty.ts'];
const FLEET = ['infra/launch.mjs', 'scripts/bench/synth/fleet.ts'];

export const synthBench: Bench = {
  name: 'synth',
  summary: 'synthesis of a fleet of 20 pools in 5 regions, over an empty cdktf app',
  limitMs: 300_000,
  run: async (tools) => {
    const output = await mkdtemp(path.join(tmpdir(), 'longshore-synth-'));
    try {
      return await measure(tools, output);
    } finally {
      await rm(output, { recursive: true, force: true });
    }
  },
};

async function measure({ say, signal }: BenchTools, output: string): Promise<readonly Figure[]> {
  const empty: number[] = [];
  const fleet: number[] = [];
  // One of each that does not count: the first fills the caches of tsx and the bundle's.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [emptyMs, fleetMs] = [await run(EMPTY, output, signal), await run(FLEET, output, signal)];
    if (round === 0) continue;
    empty.push(emptyMs);
    fleet.push(fleetMs);
    say(`round ${round}: empty ${emptyMs.toFixed(0)} ms, fleet ${fleetMs.toFixed(0)} ms`);
  }
  // Neighbours in time are compared: a machine that is busy for a while is so for both.
  const ratios = fleet.map((ms, round) => ms / (empty[round] ?? Number.NaN));
  return [
    { name: 'synth: empty cdktf app, median', value: median(empty), unit: 'ms', goal: null },
    { name: 'synth: 20 pools, 5 regions, median', value: median(fleet), unit: 'ms', goal: null },
    { name: 'synth: fleet over empty app, median of the rounds', value: median(ratios), unit: 'x', goal: 2 },
  ];
}

/** Wall time of one process from its start to its end. */
function run(command: readonly string[], output: string, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...command, output], { stdio: ['ignore', 'ignore', 'inherit'], signal });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`${command.join(' ')} ended with ${String(code)}`));
    });
  });
}
