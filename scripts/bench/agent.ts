// `agent`: what an idle agent with five instances costs its host: memory over that of an empty process of the same
// node, and CPU over a minute. Each runs on a copy of the node program of its own: on a host the agent is the only one,
// while here others run that would share its pages.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { copyOfNode, startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { cpuMsOf, memoryOf } from './process-figures.ts';
import { deploySpec } from './deploy-version.ts';
import { fiveServices } from './app-spec.ts';
import { median } from './statistics.ts';

const instances = 5;
/** After the deployment: garbage of the work is collected, and the idle rhythm is reached. */
const settleMs = 20_000;
const idleMs = 60_000;
const samples = 6;
const memoryGoal = 1.6;
const cpuGoal = 0.5;
const megabyte = 1024 * 1024;

export const agentBench: Bench = {
  name: 'agent',
  summary: 'memory and CPU of the idle agent with five instances',
  limitMs: 6 * 60_000,
  run: async ({ say, pause, signal }) => {
    const fleet = await startBenchFleet(['one'], signal, { logLevel: 'info', ownNode: true });
    try {
      await deploySpec(fleet, fiveServices(fleet.image, '1'));
      const pid = agentPid(fleet);
      say(
        `The agent (process ${pid}) runs ${instances} instances; it is left alone for ${(settleMs + idleMs) / 1000} s ...`,
      );
      await pause(settleMs);
      const empty = await startEmpty(copyOfNode(fleet.folder, 'empty'));
      try {
        const cpuBefore = cpuMsOf(pid);
        const begunAt = performance.now();
        const agentBytes: number[] = [];
        const emptyBytes: number[] = [];
        let kind = '';
        for (let sample = 0; sample < samples; sample += 1) {
          await pause(idleMs / samples);
          const memory = memoryOf(pid);
          kind = memory.kind;
          agentBytes.push(memory.bytes);
          emptyBytes.push(memoryOf(empty.pid).bytes);
        }
        const cpu = (100 * (cpuMsOf(pid) - cpuBefore)) / (performance.now() - begunAt);
        const [agent, nothing] = [median(agentBytes), median(emptyBytes)];
        return [
          {
            name: `empty node ${process.version}, ${kind} (median)`,
            value: nothing / megabyte,
            unit: 'MiB',
            goal: null,
          },
          {
            name: `idle agent with ${instances} instances, ${kind} (median)`,
            value: agent / megabyte,
            unit: 'MiB',
            goal: null,
          },
          { name: 'agent over empty process', value: agent / nothing, unit: 'x', goal: memoryGoal },
          { name: `CPU of the idle agent over ${idleMs / 1000} s, of one core`, value: cpu, unit: '%', goal: cpuGoal },
        ];
      } finally {
        empty.stop();
      }
    } finally {
      await fleet.close();
    }
  },
};

function agentPid(fleet: BenchFleet): number {
  return Number(readFileSync(fleet.folder.path('pids', `agent-${fleet.state.hosts[0]?.name ?? ''}`), 'utf8'));
}

/** A process of the same node that only waits. */
async function startEmpty(node: string): Promise<{ readonly pid: number; readonly stop: () => void }> {
  const child = spawn(node, ['-e', 'console.log("up"); setInterval(() => {}, 1 << 30)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('an empty process could not be started');
  return { pid: child.pid, stop: () => void child.kill('SIGKILL') };
}
