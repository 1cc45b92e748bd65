// `startup`: how long a bare Debian machine takes from its boot to an agent that is `active (running)`, by the startup
// script of its metadata, and how much of that is apt. In the VM container: packages come from the image, not from a
// mirror, and the image of the ingress is made of them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { renderStartupScript } from '../../setup/render-startup-script.ts';
import { buildProgramArchives } from '../build/program-archives.ts';
import { buildCache } from '../build/platforms.ts';
import { dockerOutput } from '../vm/docker-command.ts';
import type { Vm } from '../vm/run-vm.ts';
import { SmallCloud } from '../vm/small-cloud.ts';
import { makeVmImage } from '../vm/vm-image.ts';
import type { Bench, BenchTools } from './bench.ts';
import type { Figure } from './figure.ts';

const RUNS = 3;

export const startupBench: Bench = {
  name: 'startup',
  summary: 'from the boot of a bare machine to its agent active (running), with the share of apt',
  limitMs: 20 * 60_000,
  run: async ({ say, pause, signal }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'longshore-startup-'));
    say('The image of the machine (minutes, when it has to be made) and the programs ...');
    await makeVmImage();
    const cloud = await SmallCloud.start('longshore-startup-bench');
    try {
      const [agent] = await buildProgramArchives({
        output: path.join(folder, 'programs'),
        work: path.join(folder, 'work'),
        cache: buildCache({}),
        platforms: ['x64'],
      });
      cloud.publishProgram('agent-x64', path.join(folder, 'programs', agent?.file ?? ''));
      cloud.putObject('ca/root.pem', readFileSync(path.join(cloud.certificates, 'root.pem'), 'utf8'));
      const runs: Parts[] = [];
      for (let run = 1; run <= RUNS; run += 1) {
        signal.throwIfAborted();
        const parts = await bootOnce(cloud, run, pause);
        say(`run ${run}: ${(parts.totalMs / 1000).toFixed(1)} s, of which apt ${(parts.aptMs / 1000).toFixed(1)} s`);
        runs.push(parts);
      }
      return figuresOf(runs);
    } finally {
      await cloud.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Parts {
  readonly totalMs: number;
  /** From the start of the container to the first line of the setup. */
  readonly bootMs: number;
  /** Packages that the agent has to wait for. */
  readonly aptMs: number;
}

async function bootOnce(cloud: SmallCloud, run: number, pause: BenchTools['pause']): Promise<Parts> {
  const name = `host-${run}`;
  cloud.setMetadata({
    'instance/name': name,
    'instance/attributes/startup-script': renderStartupScript({ role: 'agent' }),
    'instance/attributes/longshore-bucket': 'a-bucket',
    // Nobody is there: the agent is up and says that it waits to enrol.
    'instance/attributes/longshore-coordinator': `wss://${cloud.gateway}:1`,
  });
  const vm = await cloud.startVm(name);
  const startedAt = Date.parse((await dockerOutput(['inspect', '-f', '{{.State.StartedAt}}', vm.name])).trim());
  while ((await vm.exec(['systemctl', 'is-active', '--quiet', 'longshore-agent'])).code !== 0) await pause(200);
  const activeAt = await microseconds(vm, 'ActiveEnterTimestamp');
  const lines = (await vm.output(['journalctl', '--no-pager', '-u', 'longshore-setup', '-o', 'short-unix'])).split(
    '\n',
  );
  await vm.remove();
  const at = (text: string): number => {
    const found = lines.find((line) => line.includes(text));
    if (found === undefined) throw new Error(`the setup did not say \`${text}\``);
    return Number(found.split(' ')[0]) * 1000;
  };
  const begun = at('packages: ');
  return { totalMs: activeAt - startedAt, bootMs: begun - startedAt, aptMs: at('packages: done') - begun };
}

async function microseconds(vm: Vm, property: string): Promise<number> {
  const text = await vm.output([
    'systemctl',
    'show',
    '--timestamp=us+utc',
    '-p',
    property,
    '--value',
    'longshore-agent',
  ]);
  // As `Sat 2026-11-21 11:44:37.123456 UTC`.
  return Date.parse(text.trim().replace(/^\w+ (\S+) (\S+) UTC$/, '$1T$2Z'));
}

function figuresOf(runs: readonly Parts[]): readonly Figure[] {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  const seconds = (name: string, of: (parts: Parts) => number): Figure => ({
    name,
    value: middle(runs.map(of)) / 1000,
    unit: 's',
    goal: null,
  });
  return [
    seconds('boot to agent active (running)', ({ totalMs }) => totalMs),
    seconds('  boot to the setup', ({ bootMs }) => bootMs),
    seconds('  apt', ({ aptMs }) => aptMs),
    seconds('  the rest of the setup', ({ totalMs, bootMs, aptMs }) => totalMs - bootMs - aptMs),
    {
      name: '  share of apt',
      value: middle(runs.map(({ totalMs, aptMs }) => (aptMs / totalMs) * 100)),
      unit: '%',
      goal: null,
    },
  ];
}
