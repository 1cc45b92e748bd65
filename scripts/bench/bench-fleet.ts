// The fleet that a bench measures: registry, coordinator, agents and the bench's app, all of its own (names, folders,
// ports, networks); what a killed bench left is removed first. Everything is gone after `close`.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import type { ApiClient, Credentials } from '../../cli/client/api-client.ts';
import { cleanUp } from '../demo/clean-up.ts';
import { DemoFolder, type DemoState } from '../demo/demo-state.ts';
import { isRunning } from '../demo/programs.ts';
import { coordinatorCredentials, planDemo, startAgents, startCoordinator, startRegistry } from '../demo/setting-up.ts';
import { openDocker } from '../engine/open-docker.ts';
import { pushAppImage } from './app-image.ts';

const loopback = '127.0.0.1';

export interface BenchFleet {
  readonly api: ApiClient;
  readonly credentials: Credentials;
  readonly docker: Docker;
  readonly state: DemoState;
  readonly folder: DemoFolder;
  /** One a host: where its ingress answers. */
  readonly urls: readonly string[];
  /** Reference of the bench's app in the fleet's registry. */
  readonly image: string;
  close(): Promise<void>;
}

export interface BenchFleetOptions {
  /** Of the agents; `debug` tells their actions with times: what a timeline is made of. */
  readonly logLevel: 'debug' | 'info';
  /** The agents run on a copy of node of their own: they share no page with other processes. */
  readonly ownNode?: boolean;
}

export async function startBenchFleet(
  hostNames: readonly string[],
  signal: AbortSignal,
  options: BenchFleetOptions,
): Promise<BenchFleet> {
  const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
  const folder = new DemoFolder(path.join(stateDir, 'bench'));
  const before = folder.read();
  if (before !== undefined) {
    if (isRunning(before.pid, 'scripts/bench/main.ts')) throw new Error(`another bench runs (process ${before.pid})`);
    await cleanUp(folder, before);
  }
  execFileSync('bash', ['scripts/engine.sh', 'images-up'], { stdio: 'inherit' });
  const state = await planDemo(loopback, {
    name: 'bench',
    hostNames,
    network: '10.214',
    ports: { registry: 5070, coordinator: 7500, ingress: 8181 },
  });
  folder.write(state);
  const docker = openDocker();
  try {
    startRegistry(state);
    const image = await pushAppImage(docker, `${loopback}:${state.registryPort}/bench/app`);
    const api = await startCoordinator(folder, state, signal);
    const settings = [`log_level: ${options.logLevel}`];
    const node = options.ownNode === true ? { node: copyOfNode(folder, 'agent') } : {};
    await startAgents(folder, state, loopback, api, { settings, ...node });
    return {
      api,
      credentials: coordinatorCredentials(folder, state),
      docker,
      state,
      folder,
      urls: state.hosts.map((host) => `http://${loopback}:${host.ingressPort}`),
      image,
      close: () => cleanUp(folder, state),
    };
  } catch (error) {
    await cleanUp(folder, state);
    throw error;
  }
}

/** A copy has pages of its own, whatever else runs on the machine; it goes with the fleet's folder. */
export function copyOfNode(folder: DemoFolder, name: string): string {
  const copy = folder.path(`node-${name}`);
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o700);
  return copy;
}

/** Ids of the running containers of a service, one a host, in the order of the hosts. */
export async function containersOf(fleet: BenchFleet, service: string): Promise<string[]> {
  const { items } = await fleet.api.call('listHosts', { query: { limit: 100 } });
  const names: string[] = [];
  for (const host of fleet.state.hosts) {
    const id = items.find((item) => item.name === host.name)?.id ?? '';
    const found = await fleet.docker.listContainers({
      filters: {
        label: [`longshore.host=${id}`, 'longshore.app=bench', `longshore.service=${service}`],
        status: ['running'],
      },
    });
    const [name] = found.map((container) => container.Id);
    if (name === undefined) throw new Error(`host ${host.name} runs no container of the bench's ${service}`);
    names.push(name);
  }
  return names;
}
