/**
 * What engine this is, and whether the agent can work with it: it must be Linux on this machine, and the agent
 * must reach the addresses of its containers, because it probes them and the ingress sends traffic there. `obstacleOf`
 * decides; it is pure.
 */
import type { EngineDescription } from './container-engine.ts';
import type { EngineClient } from './engine-client.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { RegistryConfig } from './insecure-registry.ts';
import { isLocalAddress } from './local-address.ts';

export interface EngineFacts {
  readonly operatingSystem: string;
  readonly osType: string;
  readonly rootless: boolean;
  /** Addresses of the engine's default bridge; empty where it has none. */
  readonly bridgeAddresses: readonly string[];
  /** One of them is an address of this machine, in the network that the agent sees. */
  readonly bridgeIsHere: boolean;
}

export interface Obstacle {
  readonly message: string;
  readonly hint: string;
}

/** Null where the engine can be used. */
export function obstacleOf(facts: EngineFacts): Obstacle | null {
  if (facts.osType !== 'linux') {
    return { message: `it runs ${facts.osType} containers`, hint: 'Use a Docker Engine on Linux.' };
  }
  // Without a default bridge nothing can be said; a machine that has its address is the engine's own.
  if (facts.bridgeAddresses.length === 0 || facts.bridgeIsHere) return null;
  const bridge = facts.bridgeAddresses.join(', ');
  if (/docker desktop/i.test(facts.operatingSystem)) {
    return {
      message: `it is Docker Desktop, which keeps its containers (bridge ${bridge}) inside of a virtual machine`,
      hint: 'Run the agent inside a container of it with `--network host` and the socket mounted, or use a Docker Engine on Linux.',
    };
  }
  if (facts.rootless) {
    return {
      message: `it is a rootless engine, whose bridge ${bridge} is in a network of its own`,
      hint: 'Use the Docker Engine of the system.',
    };
  }
  return {
    message: `its bridge ${bridge} is not on this machine: the engine is elsewhere, or the agent runs in a container of its own network`,
    hint: 'Run the agent on the machine of the engine; inside a container, give it `--network host`.',
  };
}

/** @throws ENGINE_UNAVAILABLE, ENGINE_UNSUITABLE */
export async function describeEngine(
  client: EngineClient,
  socketPath: string,
  signal: AbortSignal,
): Promise<EngineDescription> {
  signal.throwIfAborted();
  const operation = `look at the engine at ${socketPath}`;
  const [version, info, bridge, apiVersion] = await Promise.all([
    client.call(operation, ({ docker }) => docker.version()),
    client.call(operation, async ({ docker }) => (await docker.info()) as EngineInfo),
    client.find(operation, async ({ docker }) => (await docker.getNetwork('bridge').inspect()) as Bridge),
    client.call(operation, async (connection) => connection.apiVersion),
  ]);
  const bridgeAddresses = (bridge?.IPAM?.Config ?? []).flatMap(({ Gateway }) =>
    Gateway === undefined ? [] : [Gateway],
  );
  const areLocal = await Promise.all(bridgeAddresses.map(isLocalAddress));
  const obstacle = obstacleOf({
    operatingSystem: info.OperatingSystem,
    osType: info.OSType,
    rootless: (info.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    bridgeAddresses,
    bridgeIsHere: areLocal.includes(true),
  });
  if (obstacle !== null) throw new LongshoreError('ENGINE_UNSUITABLE', `${operation}: ${obstacle.message}`, obstacle);
  return {
    version: version.Version,
    apiVersion,
    platform: `${info.OSType}/${version.Arch}`,
    imageStore: usesContainerd(info) ? 'containerd' : 'graphdriver',
    rootDir: info.DockerRootDir,
  };
}

/** `/info` of the engine, as far as we read it. */
export interface EngineInfo {
  readonly OperatingSystem: string;
  readonly OSType: string;
  /** In the words of `uname`: `x86_64`. */
  readonly Architecture: string;
  readonly DockerRootDir: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly DriverStatus?: readonly (readonly [string, string])[] | null;
  readonly RegistryConfig?: RegistryConfig | null;
}

interface Bridge {
  readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] | null };
}

export function usesContainerd(info: EngineInfo): boolean {
  return (info.DriverStatus ?? []).some(
    ([name, value]) => name === 'driver-type' && value.includes('containerd.snapshotter'),
  );
}
