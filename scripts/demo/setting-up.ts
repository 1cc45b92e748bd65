// Makes what the demo shows: registry, coordinator and three agents that share one engine as if each had its own
// (names, folders, networks and ports apart).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { ApiClient, type Credentials } from '../../cli/client/api-client.ts';
import {
  innerPort,
  INNER_TOKEN,
  keepLog,
  makeDataVolume,
  startContainerAgent,
  startGate,
  type ContainerPlace,
} from './container-agents.ts';
import type { DemoFolder, DemoState } from './demo-state.ts';
import { freePort } from './free-port.ts';
import { lastLines, startProgram } from './programs.ts';

export const hostNames = ['harbour', 'quay', 'pier'] as const;
const loopback = '127.0.0.1';
const startMs = 90_000;

export interface FleetWishes {
  /** Of its registry and its pool; two fleets on one machine need two. */
  readonly name: string;
  readonly hostNames: readonly string[];
  /** The first two numbers of the app networks' addresses: no two fleets on one engine may share them. */
  readonly network: string;
  /** From which on free ones are looked for. */
  readonly ports: { readonly registry: number; readonly coordinator: number; readonly ingress: number };
}

export function demoWishes(name: string): FleetWishes {
  return {
    name,
    hostNames,
    // Another name is another demo beside the first.
    network: name === 'demo' ? '10.213' : '10.216',
    ports: { registry: 5050, coordinator: 7400, ingress: 8081 },
  };
}

export async function planDemo(bind: string, wishes: FleetWishes, inContainers = false): Promise<DemoState> {
  const taken = new Set<number>();
  const take = async (wished: number, host: string): Promise<number> => {
    const port = await freePort(wished, host, taken);
    taken.add(port);
    return port;
  };
  const registryPort = await take(wishes.ports.registry, loopback);
  const coordinatorPort = await take(wishes.ports.coordinator, loopback);
  const hosts = [];
  for (const [position, name] of wishes.hostNames.entries()) {
    hosts.push({
      name,
      ingressPort: await take(wishes.ports.ingress + position, bind),
      httpPort: await take(wishes.ports.coordinator + 11 + position, loopback),
      subnetPool: `${wishes.network}.${position * 32}.0/19`,
    });
  }
  return {
    name: wishes.name,
    pid: process.pid,
    kept: false,
    startedEngine: process.env.LONGSHORE_DEMO_STARTED_ENGINE === '1',
    inContainers,
    coordinatorPort,
    registryPort,
    hosts,
  };
}

export function startRegistry(state: DemoState): void {
  execFileSync('bash', ['scripts/engine.sh', 'registry-up', state.name, String(state.registryPort)], {
    stdio: 'inherit',
  });
}

/** @param hosts by which agents reach this machine, beside loopback */
export async function startCoordinator(
  folder: DemoFolder,
  state: DemoState,
  signal: AbortSignal,
  hosts: readonly string[] = [],
): Promise<ApiClient> {
  const dataDir = folder.path('coordinator');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  startProgram(folder, {
    name: 'coordinator',
    args: [
      path.resolve('dist/longshore-coordinator.mjs'),
      ...['--data-dir', dataDir],
      ...['--listen', `${loopback}:${state.coordinatorPort}`],
      ...[loopback, ...hosts].flatMap((host) => ['--public-url', `http://${host}:${state.coordinatorPort}`]),
    ],
    env: {},
  });
  const url = coordinatorUrl(state);
  await until('the coordinator answers', folder, 'coordinator', async () => {
    const answer = await fetch(`${url}/readyz`);
    return answer.ok;
  });
  return new ApiClient({ credentials: coordinatorCredentials(folder, state), timeoutMs: 10_000, signal });
}

/** Of the first admin; once the coordinator answers. */
export function coordinatorCredentials(folder: DemoFolder, state: DemoState): Credentials {
  return { url: coordinatorUrl(state), token: readFileSync(tokenFile(folder), 'utf8').trim() };
}

export interface AgentOptions {
  /** Further lines of each agent's configuration. */
  readonly settings: readonly string[];
  /** Program that runs them; this process's own by default. */
  readonly node?: string;
  /** The engine in whose containers they run; null = here. */
  readonly inside?: { readonly docker: Docker; readonly place: ContainerPlace } | null;
}

export async function startAgents(
  folder: DemoFolder,
  state: DemoState,
  bind: string,
  api: ApiClient,
  { settings, node, inside = null }: AgentOptions = { settings: [] },
): Promise<void> {
  const { token } = await api.call('makeEnrollToken', { body: { kind: 'pool', pool: state.name } });
  for (const host of state.hosts) {
    const dataDir = inside === null ? folder.path(host.name) : await makeDataVolume(inside.docker, state, host);
    if (inside === null) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const config = folder.path(`${host.name}.yaml`);
    // One each: an agent removes its file when it has its identity.
    const tokenPath = folder.path(`${host.name}.token`);
    writeFileSync(tokenPath, `${token}\n`, { mode: 0o600 });
    writeFileSync(
      config,
      [
        `coordinator: ws://${inside?.place.coordinatorHost ?? loopback}:${state.coordinatorPort}`,
        // Between a virtual machine and the machine that it runs on.
        `allow_insecure: ${inside !== null}`,
        `enroll_token_file: ${inside === null ? tokenPath : INNER_TOKEN}`,
        `name: ${host.name}`,
        // Nobody resolves these names; the label says where people reach the host.
        `labels: { address: ${bind} }`,
        `data_dir: ${dataDir}`,
        `subnet_pool: ${host.subnetPool}`,
        `http_listen: ${loopback}:${host.httpPort}`,
        ...settings,
        'ingress:',
        '  image: longshore.local/base/caddy:2',
        `  http_port: ${inside === null ? host.ingressPort : innerPort(host)}`,
        '  https_port: null',
        `  bind: [${inside?.place.gateway ?? bind}]`,
        '',
      ].join('\n'),
    );
    if (inside !== null) {
      await startContainerAgent(inside.docker, state, { host, dataDir, config, token: tokenPath });
      continue;
    }
    startProgram(folder, {
      name: `agent-${host.name}`,
      args: [path.resolve('dist/longshore-agent.cjs'), '--config', config],
      env: {},
      ...(node === undefined ? {} : { node }),
    });
  }
  if (inside !== null) await startGate(inside.docker, state, bind, inside.place);
  const [first] = state.hosts;
  await until('all agents are connected', folder, `agent-${first?.name ?? ''}`, async () => {
    if (inside !== null && first !== undefined) keepLog(folder, state, first);
    const { items } = await api.call('listHosts', { query: { limit: 100 } });
    return items.filter((host) => host.connected).length === state.hosts.length;
  });
}

export function coordinatorUrl(state: DemoState): string {
  return `http://${loopback}:${state.coordinatorPort}`;
}

export function tokenFile(folder: DemoFolder): string {
  return folder.path('coordinator', 'admin-token');
}

async function until(what: string, folder: DemoFolder, log: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + startMs;
  let last = '';
  while (performance.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = `, last because of: ${error instanceof Error ? error.message : String(error)}`;
    }
    await wait(100);
  }
  throw new Error(
    `${what}: not within ${startMs / 1000} s${last}\nThe end of ${log}.log:\n${lastLines(folder, log, 15)}`,
  );
}
