/** Rules over several keys of one pool, and between it and the rest of the fleet. */
import type { FleetFile, PoolFile } from './fleet-schema.ts';
import { suggestion } from '../../compose/values/suggest.ts';
import { parseRange, RANGE_FORM } from './cut-subnets.ts';
import type { FleetProblem } from './fleet-problem.ts';
import { regionOf, usualZone, type ZoneTable } from './google-zones.ts';
import { architectureOf, diskProblem, isKnownMachine, machineProblem } from './machine-family.ts';
import { regionProblem, zoneProblem } from './place-rules.ts';
import { ingressOf, poolRegion, regionsOf } from './resolve-fleet.ts';
import { poolNames } from './resource-names.ts';
import { splitSizes } from './split-sizes.ts';

export function poolProblems(name: string, pool: PoolFile, file: FleetFile, table: ZoneTable): readonly FleetProblem[] {
  return [
    ...nameProblems(name, pool, file, table),
    ...placeProblems(name, pool, file, table),
    ...machineProblems(name, pool, file),
    ...ingressProblems(name, pool),
    ...openingProblems(name, pool, file),
    ...volumeProblems(name, pool, file, table),
  ];
}

function nameProblems(name: string, pool: PoolFile, file: FleetFile, table: ZoneTable): FleetProblem[] {
  const path = ['pools', name];
  if (/^coordinator(-|$)/.test(name))
    return [{ path, message: 'names that begin with "coordinator" are taken: choose another for this pool' }];
  const zones = pool.zones ?? [usualZone(poolRegion(pool, file.region), table)];
  const long = poolNames(file.name, name, zones).find((limit) => limit.name.length > limit.max);
  if (long === undefined) return [];
  return [
    {
      path,
      message: `the name is too long: ${long.what} "${long.name}" would have ${long.name.length} characters, and Google takes ${long.max}; shorten the pool's or the fleet's name by ${long.name.length - long.max}`,
    },
  ];
}

function placeProblems(name: string, pool: PoolFile, file: FleetFile, table: ZoneTable): FleetProblem[] {
  const problems: FleetProblem[] = [];
  const region = poolRegion(pool, file.region);
  const unknown = pool.region === undefined ? null : regionProblem(pool.region, table);
  if (unknown !== null) return [{ path: ['pools', name, 'region'], message: unknown }];
  pool.zones?.forEach((zone, index) => {
    const path = ['pools', name, 'zones', index];
    const wrong = zoneProblem(zone, table);
    if (wrong !== null) problems.push({ path, message: wrong });
    else if (regionOf(zone) !== region)
      problems.push({
        path,
        message: `"${zone}" lies outside ${region}, the region of this pool; a pool stays in one region: make a further pool for ${regionOf(zone)}`,
      });
    if (pool.zones?.indexOf(zone) !== index) problems.push({ path, message: `"${zone}" is there twice` });
  });
  if (problems.length === 0 && table.regions.includes(region) && !regionsOf(file).includes(region))
    problems.push({
      path: ['pools', name, pool.region === undefined ? 'zones' : 'region'],
      message: `${region} is not among the fleet's regions: put it at the end, regions: [${[...regionsOf(file), region].join(', ')}]`,
    });
  return problems;
}

function machineProblems(name: string, pool: PoolFile, file: FleetFile): FleetProblem[] {
  const problems: FleetProblem[] = [];
  const architecture = architectureOf(pool.machine);
  const unknown = machineProblem(pool.machine, file.further_machines);
  if (unknown !== null) return [{ path: ['pools', name, 'machine'], message: unknown }];
  if (pool.architecture !== undefined && isKnownMachine(pool.machine) && pool.architecture !== architecture)
    problems.push({
      path: ['pools', name, 'architecture'],
      message: `is ${pool.architecture}, but ${pool.machine} is ${architecture}`,
    });
  const wrongDisk = pool.disk_type === undefined ? null : diskProblem(pool.machine, pool.disk_type);
  if (wrongDisk !== null) problems.push({ path: ['pools', name, 'disk_type'], message: wrongDisk });
  if (pool.kind === 'single' && pool.autohealing)
    problems.push({
      path: ['pools', name, 'autohealing'],
      message: 'is done by groups only: `kind: group`, or autohealing: false',
    });
  return problems;
}

function openingProblems(name: string, pool: PoolFile, file: FleetFile): FleetProblem[] {
  const pools = Object.keys(file.pools);
  return pool.allow.flatMap(({ from, ports }, index) => {
    const path = ['pools', name, 'allow', index];
    const problems: FleetProblem[] = [];
    if (RANGE_FORM.test(from)) {
      if (parseRange(from) === null) problems.push({ path: [...path, 'from'], message: rangeMessage(from) });
    } else if (!pools.includes(from))
      problems.push({
        path: [...path, 'from'],
        message: `"${from}" is neither a pool of this fleet nor an IPv4 range${suggestion(from, pools)}`,
      });
    if (pool.allow.findIndex((other) => other.from === from) !== index)
      problems.push({ path: [...path, 'from'], message: `"${from}" is there twice: put its ports together` });
    ports.forEach((text, place) => {
      const [first = 0, last = first] = String(text).split('-').map(Number);
      if (first < 1 || last > 65_535 || first > last)
        problems.push({ path: [...path, 'ports', place], message: 'is not a range of ports, as "8000-8010"' });
    });
    return problems;
  });
}

/** Of a text that has the form of a range. */
export function rangeMessage(text: string): string {
  return `"${text}" is not an IPv4 range that begins at its first address, as 203.0.113.0/24`;
}

function certificateProblems(
  name: string,
  { domains, former_domains: former }: { readonly domains: readonly string[]; readonly former_domains?: unknown },
): FleetProblem[] {
  if (former === undefined || domains.length < 15) return [];
  return [
    {
      path: ['pools', name, 'ingress', 'https_lb', 'former_domains'],
      message: `needs a place beside ${domains.length} other certificates; a balancer takes 15`,
    },
  ];
}

function volumeProblems(name: string, pool: PoolFile, file: FleetFile, table: ZoneTable): FleetProblem[] {
  const path = ['pools', name, 'volumes_snapshots'];
  const machines = Object.keys(pool.volumes_snapshots);
  if (machines.length === 0) return [];
  if (pool.volumes_disk_gb === undefined)
    return [{ path, message: 'needs `volumes_disk_gb`: the disk that is made from a snapshot' }];
  if (pool.kind === 'group')
    return [
      { path, message: 'is for `kind: single`: a group makes its disks itself; see "Data that moves" in the docs' },
    ];
  const zones = pool.zones ?? [usualZone(poolRegion(pool, file.region), table)];
  const known = splitSizes(pool.count, zones).flatMap(({ zone, count }) =>
    Array.from({ length: count }, (_, index) => `${zone}-${index + 1}`),
  );
  return machines
    .filter((machine) => !known.includes(machine))
    .map((machine) => ({
      path: [...path, machine],
      message: `this pool has no such machine; it has ${known.join(', ')}`,
    }));
}

function ingressProblems(name: string, pool: PoolFile): FleetProblem[] {
  if (typeof pool.ingress === 'object') return certificateProblems(name, pool.ingress.https_lb);
  if (ingressOf(pool).kind !== 'address') return [];
  const path = ['pools', name, 'ingress'];
  if (pool.kind === 'group')
    return [
      {
        path,
        message: '`address` is for a single instance: write `kind: single` with count: 1, or ingress: network-lb',
      },
    ];
  if (pool.count !== 1)
    return [
      { path, message: `\`address\` is one machine's, and this pool has ${pool.count}: write ingress: network-lb` },
    ];
  if (pool.public_address === false)
    return [
      {
        path: ['pools', name, 'public_address'],
        message: 'is false, but `ingress: address` is the public address of this machine',
      },
    ];
  return [];
}
