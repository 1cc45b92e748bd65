/**
 * A whole fleet for a test: registry, coordinator and agents as built programs on a real engine, and the command line
 * to talk to them. Everything is removed with the test; what a killed test left is removed before.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { buildIfOld } from '../../scripts/build/build-if-old.ts';
import { cleanUp } from '../../scripts/demo/clean-up.ts';
import { openDocker } from '../../scripts/engine/open-docker.ts';
import { DemoFolder, type DemoState } from '../../scripts/demo/demo-state.ts';
import { startProgram, stopPrograms } from '../../scripts/demo/programs.ts';
import {
  coordinatorUrl,
  planDemo,
  startAgents,
  startCoordinator,
  startRegistry,
  tokenFile,
} from '../../scripts/demo/setting-up.ts';
import { baseImages } from './engine.ts';

const loopback = '127.0.0.1';

export interface RealFleetOptions {
  readonly name: string;
  readonly hostNames: readonly string[];
  /** First two numbers of the app networks' addresses. */
  readonly network: string;
  readonly ports: { readonly registry: number; readonly coordinator: number; readonly ingress: number };
  /** Further lines of the agents' configuration. */
  readonly settings?: readonly string[];
}

export interface Ran {
  readonly exit: number | null;
  readonly output: string;
}

/** The first host's agent. */
export interface RealAgent {
  readonly dataDir: string;
  readonly configFile: string;
  readonly tokenFile: string;
  /** What it has logged since it was started last. */
  log(): string;
  start(): void;
  stop(): Promise<void>;
}

export interface RealFleet {
  readonly urls: readonly string[];
  /** `127.0.0.1:PORT/app`, pushed as tags 1 and 2: node, to be given a command. */
  readonly image: string;
  run(...parameters: readonly string[]): Promise<Ran>;
  /** Writes a file that the command line can be given. */
  write(name: string, text: string): string;
  /** @returns its pid, after SIGKILL */
  killCoordinator(): number;
  restartCoordinator(): Promise<void>;
  readonly agent: RealAgent;
  /** Another one at the same address, which knows nothing. */
  replaceCoordinator(): Promise<void>;
  /** What each host's ingress answers at `/`. */
  answers(): Promise<string[]>;
}

export async function startRealFleet(t: Pick<Test, 'teardown'>, options: RealFleetOptions): Promise<RealFleet> {
  const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
  const folder = new DemoFolder(path.join(stateDir, options.name));
  const before = folder.read();
  if (before !== undefined) await cleanUp(folder, before);
  buildIfOld();
  const state = await planDemo(loopback, options);
  folder.write(state);
  t.teardown(() => cleanUp(folder, state));
  startRegistry(state);
  const image = `${loopback}:${state.registryPort}/app`;
  await push(image);
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const api = await startCoordinator(folder, state, abort.signal);
  await startAgents(folder, state, loopback, api, { settings: options.settings ?? [] });
  const urls = state.hosts.map((host) => `http://${loopback}:${host.ingressPort}`);
  return {
    urls,
    image,
    run: (...parameters) => runCommandLine(folder, state, parameters),
    write: (name, text) => {
      const file = folder.path(name);
      writeFileSync(file, text);
      return file;
    },
    killCoordinator: () => {
      const pid = Number(readFileSync(folder.path('pids', 'coordinator'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      return pid;
    },
    agent: agentOf(folder, state),
    replaceCoordinator: async () => {
      await stopPrograms(folder, 'coordinator');
      rmSync(folder.path('coordinator'), { recursive: true });
      await startCoordinator(folder, state, abort.signal);
    },
    restartCoordinator: async () => {
      await startCoordinator(folder, state, abort.signal);
    },
    answers: () => Promise.all(urls.map(answerOf)),
  };
}

function agentOf(folder: DemoFolder, state: DemoState): RealAgent {
  const name = state.hosts[0]?.name ?? '';
  const configFile = folder.path(`${name}.yaml`);
  const logFile = folder.path(`agent-${name}.log`);
  let since = 0;
  return {
    dataDir: folder.path(name),
    configFile,
    tokenFile: folder.path(`${name}.token`),
    log: () => readFileSync(logFile, 'utf8').slice(since),
    start: () => {
      since = readFileSync(logFile, 'utf8').length;
      const args = [path.resolve('dist/longshore-agent.cjs'), '--config', configFile];
      startProgram(folder, { name: `agent-${name}`, args, env: {} });
    },
    stop: async () => {
      await stopPrograms(folder, 'agent');
    },
  };
}

async function answerOf(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return `${answer.status} ${(await answer.text()).slice(0, 100)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function push(image: string): Promise<void> {
  const docker = openDocker();
  for (const tag of ['1', '2']) {
    await docker.getImage(baseImages.node).tag({ repo: image, tag });
    const stream = await docker.getImage(`${image}:${tag}`).push({ authconfig: {} });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(stream, (error) => (error === null ? resolve() : reject(error))),
    );
  }
}

function runCommandLine(folder: DemoFolder, state: DemoState, parameters: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/longshore.mjs', ...parameters], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LONGSHORE_URL: coordinatorUrl(state), LONGSHORE_TOKEN_FILE: tokenFile(folder) },
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (exit) => resolve({ exit, output }));
  });
}
