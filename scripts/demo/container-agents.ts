// The demo's agents inside containers, for engines whose bridge addresses this machine cannot reach (Docker Desktop keeps
// them inside of a virtual machine). Each agent gets the engine's own network and socket, and a volume as its data
// directory, under the path that it has for the engine: the proxy shares files and sockets with it. A gate, a container
// of the usual network, publishes the ports of the proxies, which listen on the bridge's address.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import type { DemoFolder, DemoHost, DemoState } from './demo-state.ts';

const LABEL = 'longshore.demo';
const IMAGE = 'longshore.local/base/node:20';
/** The proxies' own ports stand so far above the published ones: both may be on all addresses of one machine. */
const INNER_PORTS = 10_000;
const SOCKET = '/var/run/docker.sock';

/** How agents in containers of this engine call this machine. */
export interface ContainerPlace {
  readonly coordinatorHost: string;
  /** Address of the engine's bridge, in the network of its machine. */
  readonly gateway: string;
}

export async function containerPlace(docker: Docker): Promise<ContainerPlace> {
  const bridge = (await docker.getNetwork('bridge').inspect()) as {
    readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string; readonly Subnet?: string }[] };
  };
  const config = bridge.IPAM?.Config?.[0];
  const gateway = config?.Gateway ?? firstAddress(config?.Subnet);
  if (gateway === undefined) throw new Error('this engine has no default bridge, which agents in containers need');
  return { coordinatorHost: (await isDesktop(docker)) ? 'host.docker.internal' : '127.0.0.1', gateway };
}

/** An engine that found its bridge made already does not name the gateway; its bridge has the subnet's first address. */
function firstAddress(subnet: string | undefined): string | undefined {
  const [, network, last] = /^(\d+\.\d+\.\d+)\.(\d+)\//.exec(subnet ?? '') ?? [];
  return network === undefined ? undefined : `${network}.${Number(last) + 1}`;
}

/** Its containers' addresses cannot be reached from here. */
export async function isDesktop(docker: Docker): Promise<boolean> {
  const { OperatingSystem: system } = (await docker.info()) as { readonly OperatingSystem: string };
  return process.platform !== 'linux' || /docker desktop/i.test(system);
}

export function innerPort(host: DemoHost): number {
  return host.ingressPort + INNER_PORTS;
}

/** A volume of the engine; its path there. */
export async function makeDataVolume(docker: Docker, state: DemoState, host: DemoHost): Promise<string> {
  const Name = volumeName(state, host);
  await docker.createVolume({ Name, Labels: labelsOf(state) });
  return (await docker.getVolume(Name).inspect()).Mountpoint;
}

export interface ContainerAgent {
  readonly host: DemoHost;
  readonly dataDir: string;
  /** Here; it and the token are copied into the container, which sees nothing of this machine's folders. */
  readonly config: string;
  readonly token: string;
}

/** Where its token lies inside. */
export const INNER_TOKEN = '/enroll-token';
const INNER_CONFIG = '/agent.yaml';
const PROGRAM = '/longshore-agent.cjs';

export async function startContainerAgent(docker: Docker, state: DemoState, agent: ContainerAgent): Promise<void> {
  const { host, dataDir, config, token } = agent;
  const container = await docker.createContainer({
    name: agentName(state, host),
    Image: IMAGE,
    User: '0',
    Entrypoint: ['node'],
    Cmd: [PROGRAM, '--config', INNER_CONFIG],
    Env: ['NODE_ENV=production'],
    Labels: labelsOf(state),
    HostConfig: {
      NetworkMode: 'host',
      Binds: [`${SOCKET}:${SOCKET}`, `${volumeName(state, host)}:${dataDir}`],
    },
  });
  const put = (file: string, inside: string): void => {
    execFileSync('docker', ['cp', file, `${container.id}:${inside}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  put(path.resolve('dist/longshore-agent.cjs'), PROGRAM);
  put(config, INNER_CONFIG);
  put(token, INNER_TOKEN);
  await container.start();
}

/** Publishes each host's port, and passes every connection on to its proxy. */
export async function startGate(docker: Docker, state: DemoState, bind: string, place: ContainerPlace): Promise<void> {
  const ports = state.hosts.map(innerPort);
  const relay = `
    const net = require('node:net');
    for (const port of ${JSON.stringify(ports)}) {
      net.createServer((client) => {
        const proxy = net.connect({ host: ${JSON.stringify(place.gateway)}, port });
        const end = () => { client.destroy(); proxy.destroy(); };
        client.on('error', end); proxy.on('error', end); client.on('close', end); proxy.on('close', end);
        client.pipe(proxy).pipe(client);
      }).listen(port, '0.0.0.0');
    }`;
  const published = state.hosts.map(
    (host) => [`${innerPort(host)}/tcp`, [{ HostIp: bind, HostPort: String(host.ingressPort) }]] as const,
  );
  const container = await docker.createContainer({
    name: `longshore-${state.name}-gate`,
    Image: IMAGE,
    Entrypoint: ['node'],
    Cmd: ['-e', relay],
    Labels: labelsOf(state),
    ExposedPorts: Object.fromEntries(published.map(([port]) => [port, {}])),
    HostConfig: { PortBindings: Object.fromEntries(published.map(([port, bindings]) => [port, [...bindings]])) },
  });
  await container.start();
}

/** Ids of the hosts whose agents have enrolled; read out of their volumes, through their containers. */
export function containerHostIds(folder: DemoFolder, state: DemoState): string[] {
  return state.hosts.flatMap((host) => {
    const file = folder.path(`${host.name}-identity.json`);
    try {
      const name = agentName(state, host);
      const quiet = { encoding: 'utf8' as const, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };
      const dataDir = execFileSync(
        'docker',
        ['volume', 'inspect', '-f', '{{.Mountpoint}}', volumeName(state, host)],
        quiet,
      );
      execFileSync('docker', ['cp', `${name}:${dataDir.trim()}/identity.json`, file], quiet);
    } catch {
      // Killed before it was made, or before it had an identity: then nothing carries its id.
      return [];
    }
    const identity = JSON.parse(readFileSync(file, 'utf8')) as { readonly enrolled: { readonly host: string } | null };
    return identity.enrolled === null ? [] : [identity.enrolled.host];
  });
}

/** The end of what an agent said, into the place where programs of this machine have their logs. */
export function keepLog(folder: DemoFolder, state: DemoState, host: DemoHost): void {
  const said = execFileSync('docker', ['logs', '--tail', '200', agentName(state, host)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  writeFileSync(folder.path(`agent-${host.name}.log`), said);
}

export const demoLabel = (state: DemoState): string => `${LABEL}=${state.name}`;
const labelsOf = (state: DemoState): Record<string, string> => ({ [LABEL]: state.name });
const agentName = (state: DemoState, host: DemoHost): string => `longshore-${state.name}-agent-${host.name}`;
const volumeName = (state: DemoState, host: DemoHost): string => `longshore-${state.name}-data-${host.name}`;
