/** What a rehearsal of a fleet file needs on this machine: network, addresses and ports, and what it cannot show. */
import { createHash } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetConfig, PoolConfig } from '../../infra/fleet-file/fleet-config.ts';
import { freePort } from '../demo/free-port.ts';
import type { RehearsalState } from './rehearsal-folder.ts';

/** Each is a machine with an engine of its own, on this one machine. */
const mostMachines = 8;
const loopback = '127.0.0.1';

/** Parts that the stand-in does not have: such a file can be planned, and only Google can apply it. */
export function refuseWhatIsNotRehearsed(fleet: FleetConfig): void {
  const missing = [
    ...(fleet.coordinator.cloudSql === null ? [] : ['coordinator.cloud_sql']),
    ...(fleet.memorystore === null ? [] : ['memorystore']),
    ...(fleet.monitoring === null ? [] : ['monitoring']),
    ...(fleet.coordinator.domain === null ? [] : ['coordinator.domain (its certificate comes from the internet)']),
    ...fleet.pools.filter(({ ingress }) => ingress.kind === 'https-lb').map(({ name }) => `https_lb of pool ${name}`),
    ...(fleet.registry === null ? ['registry: false (there is no other registry in a rehearsal)'] : []),
  ];
  const machines = 1 + fleet.pools.reduce((sum, pool) => sum + pool.count, 0);
  // One more joins on the way.
  if (machines + 1 > mostMachines)
    missing.push(
      `${machines} machines (at most ${mostMachines - 1}, as each is a container with an engine of its own)`,
    );
  if (missing.length === 0) return;
  throw new LongshoreError('INPUT_INVALID', `rehearse this fleet file: ${missing.join('; ')} cannot be rehearsed`, {
    hint: 'Leave it out of a copy of the file for the rehearsal; `bash plan.sh` plans it all the same.',
  });
}

/** The pool that is made larger, and how apps on it are reached. */
export function rehearsedPool(fleet: FleetConfig): PoolConfig {
  const groups = fleet.pools.filter((pool) => pool.kind === 'group');
  const found = groups.find((pool) => pool.ingress.kind !== 'none') ?? groups[0];
  if (found !== undefined) return found;
  throw new LongshoreError('INPUT_INVALID', 'rehearse this fleet file: it has no pool of kind group', {
    hint: 'The rehearsal adds a host to one and takes one away.',
  });
}

export async function planRehearsal(name: string, fleet: FleetConfig, startedEngine: boolean): Promise<RehearsalState> {
  const taken = new Set<number>();
  const take = async (wished: number): Promise<number> => {
    const port = await freePort(wished, loopback, taken);
    taken.add(port);
    return port;
  };
  const range = lastPart(fleet.network.range);
  return {
    name,
    pid: process.pid,
    kept: false,
    startedEngine,
    project: fleet.project,
    projectNumber: projectNumber(fleet.project),
    network: `rehearsal-${name}`,
    range: fleet.network.range,
    engineRange: `${range}.0/24`,
    address: `${range}.254`,
    publicPrefix: `127.77.${publicPart(name)}`,
    proxyPort: await take(7490),
    registryPort: await take(7491),
  };
}

/** First three numbers of the last 256 addresses of a range, which no subnet of a few regions reaches. */
export function lastPart(range: string): string {
  const [address = '', bits = '32'] = range.split('/');
  const start = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = start + 2 ** (32 - Number(bits)) - 256;
  return [24, 16, 8].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

/** Twelve digits that belong to the project, as Google's. */
function projectNumber(project: string): string {
  const digest = createHash('sha256').update(project).digest();
  return String(100_000_000_000 + (digest.readUIntBE(0, 5) % 900_000_000_000));
}

function publicPart(name: string): number {
  return createHash('sha256').update(name).digest().readUInt8(0);
}
