// `first-deploy`: what a newcomer waits for: from a clean clone with a warm npm cache to the example answering on three
// hosts, in parts. It runs what the README says, in a clone of this repository's last commit, with state of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Bench } from './bench.ts';
import { moments, type Line } from './moments.ts';

const demoParts = [
  { name: 'build', until: /^Building Longshore/ },
  { name: 'registry', until: /^Starting a registry/ },
  { name: 'coordinator', until: /^Starting the coordinator/ },
  { name: 'three agents, enrolled and connected', until: /^Starting three agents/ },
  { name: 'image built and pushed', until: /digest: sha256:/ },
  { name: 'deployed to three hosts, answering', until: /^Every host counts/ },
] as const;

export const firstDeployBench: Bench = {
  name: 'first-deploy',
  summary: 'from a clean clone with a warm npm cache to the example answering on three hosts, in parts',
  limitMs: 15 * 60_000,
  run: async ({ say, signal }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'longshore-first-deploy-'));
    const clone = path.join(folder, 'longshore');
    const env = {
      ...process.env,
      LONGSHORE_DEV_STATE: path.join(folder, 'state'),
      // Warm: what the lock file wants is taken from the cache without asking whether it is still so.
      npm_config_prefer_offline: 'true',
    };
    const step = async (name: string, command: readonly [string, ...string[]], cwd: string): Promise<number> => {
      const begunAt = performance.now();
      const lines = await run(command, { cwd, env, signal });
      const seconds = (performance.now() - begunAt) / 1000;
      if (lines.code !== 0)
        throw new Error(
          `${name} failed:\n${lines.lines
            .map(({ text }) => text)
            .slice(-15)
            .join('\n')}`,
        );
      return seconds;
    };
    try {
      say('A clone, an install and the demo; the output is kept for the case that it fails ...');
      const figures = [
        ['clone', await step('git clone', ['git', 'clone', '--quiet', '--no-hardlinks', process.cwd(), clone], folder)],
        ['dependencies (npm ci, warm cache)', await step('install', ['bash', 'scripts/install.sh'], clone)],
        ['engine and base images', await step('engine', ['bash', 'scripts/engine.sh', 'images-up'], clone)],
        ...(await demo(clone, env, signal)),
      ] as const;
      const total = figures.reduce((sum, [, seconds]) => sum + seconds, 0);
      return [
        ...figures.map(([name, seconds]) => ({ name, value: seconds, unit: 's', goal: null })),
        { name: 'clone to answer', value: total, unit: 's', goal: null },
      ];
    } finally {
      // Nothing happens where the demo has ended by itself.
      await run(['bash', 'scripts/demo.sh', '--down'], { cwd: clone, env, signal: new AbortController().signal }).catch(
        () => undefined,
      );
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function demo(
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<readonly (readonly [string, number])[]> {
  const { code, lines } = await run(['bash', 'scripts/demo.sh', '--exit'], { cwd, env, signal });
  const found = code === 0 ? moments(lines, demoParts) : null;
  if (found !== null) return found;
  const end = lines
    .slice(-20)
    .map(({ text }) => text)
    .join('\n');
  throw new Error(`the demo ended with ${code ?? 'a signal'}, or did not say what it did:\n${end}`);
}

interface Ran {
  readonly code: number | null;
  readonly lines: readonly Line[];
}

/** Ends it politely when the signal aborts: a demo cleans up then. */
async function run(
  [command, ...args]: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Ran> {
  options.signal.throwIfAborted();
  const begunAt = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => lines.push({ text, ms: performance.now() - begunAt }));
  }
  const stop = (): void => void child.kill('SIGTERM');
  options.signal.addEventListener('abort', stop);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    options.signal.throwIfAborted();
    return { code, lines };
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}
