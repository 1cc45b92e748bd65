/** Rules over more than one key of the fleet file. Each problem stands at the key that a person would edit. */
import type { FleetFile } from './fleet-schema.ts';
import type { FleetProblem } from './fleet-problem.ts';
import { suggestion } from '../../compose/values/suggest.ts';
import { cutSubnets, isPrivateRange, MAX_REGIONS, overlaps, parseRange } from './cut-subnets.ts';
import { regionOf, usualZone, zoneTable, type ZoneTable } from './google-zones.ts';
import { keyProblems } from './key-rules.ts';
import { architectureOf, machineProblem } from './machine-family.ts';
import { poolProblems, rangeMessage } from './pool-rules.ts';
import { poolRegion, regionsOf } from './resolve-fleet.ts';
import { fleetNames } from './resource-names.ts';
import { regionProblem, zoneProblem } from './place-rules.ts';
import { standbyProblems } from './standby-rules.ts';

const MULTI_REGIONS = ['asia', 'europe', 'us'];
const TAKEN_RANGES = [
  { range: '10.213.0.0/16', owner: 'agents give to networks of containers' },
  { range: '172.17.0.0/16', owner: 'Docker gives to its own bridge' },
];
/** Google keeps four addresses of each subnet. */
const KEPT_ADDRESSES = 4;

export function fleetProblems(file: FleetFile): readonly FleetProblem[] {
  const table = zoneTable(file.further_zones);
  return [
    ...nameProblems(file),
    ...regionProblems(file, table),
    ...networkProblems(file),
    ...coordinatorProblems(file, table),
    ...standbyProblems(file, table),
    ...Object.entries(file.pools).flatMap(([name, pool]) => poolProblems(name, pool, file, table)),
    ...domainProblems(file),
    ...addOnProblems(file, table),
    ...keyProblems(file, machineRegions(file, table)),
    ...localProblems(file),
  ];
}

function nameProblems(file: FleetFile): FleetProblem[] {
  const problems: FleetProblem[] = fleetNames(file.project, file.name)
    .filter(({ name, max }) => name.length > max)
    .map(({ what, name, max }) => ({
      path: ['name'],
      message: `makes the ${what} "${name}" ${name.length} characters long; Google takes at most ${max}`,
    }));
  if (file.name.includes('goog'))
    problems.push({ path: ['name'], message: 'must not hold "goog": Google refuses it in names of buckets' });
  for (const key of Object.keys(file.labels))
    if (key.startsWith('longshore'))
      problems.push({
        path: ['labels', key],
        message: 'is taken: labels that begin with "longshore" are written by Longshore',
      });
  return problems;
}

function regionProblems(file: FleetFile, table: ZoneTable): FleetProblem[] {
  const problems: FleetProblem[] = [];
  const add = (path: FleetProblem['path'], message: string | null): void => {
    if (message !== null) problems.push({ path, message });
  };
  add(['region'], regionProblem(file.region, table));
  if (file.regions === undefined) return problems;
  file.regions.forEach((region, index) => {
    add(['regions', index], regionProblem(region, table));
    if (file.regions?.indexOf(region) !== index) add(['regions', index], `"${region}" is there twice`);
  });
  if (!file.regions.includes(file.region))
    add(['regions'], `must name "${file.region}" too, which is the fleet's own region`);
  if (file.regions.length > MAX_REGIONS)
    add(['regions'], `has ${file.regions.length} regions; one network is cut into ${MAX_REGIONS} subnets`);
  return problems;
}

function networkProblems(file: FleetFile): FleetProblem[] {
  const path = ['network', 'range'];
  const range = parseRange(file.network.range);
  if (range === null)
    return [{ path, message: 'is not an IPv4 range that begins at its first address, as 10.64.0.0/16' }];
  if (range.bits < 16 || range.bits > 20)
    return [{ path, message: `is a /${range.bits}; a fleet's network is a /16 to /20` }];
  if (!isPrivateRange(range))
    return [{ path, message: 'is not private: take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16' }];
  const taken = TAKEN_RANGES.find((other) => overlaps(range, other.range));
  if (taken !== undefined) return [{ path, message: `meets ${taken.range}, which ${taken.owner} on every host` }];
  return cutSubnets(range, regionsOf(file).slice(0, MAX_REGIONS)).flatMap((subnet) => {
    const room = 2 ** (32 - range.bits - 4) - KEPT_ADDRESSES;
    const wanted = addressesIn(subnet.region, file);
    return wanted <= room
      ? []
      : [
          {
            path,
            message: `gives ${subnet.region} the subnet ${subnet.range} with ${room} addresses; its machines need ${wanted}`,
          },
        ];
  });
}

/** Of the coordinator and of the pools. */
function machineRegions(file: FleetFile, table: ZoneTable): readonly string[] {
  const own = regionOf(file.coordinator.zone ?? usualZone(file.region, table));
  return [own, ...Object.values(file.pools).map((pool) => poolRegion(pool, file.region))];
}

function addressesIn(region: string, file: FleetFile): number {
  const hosts = Object.values(file.pools).filter((pool) => poolRegion(pool, file.region) === region);
  return hosts.reduce((sum, pool) => sum + pool.count, file.region === region ? file.coordinator.count : 0);
}

function coordinatorProblems(file: FleetFile, table: ZoneTable): FleetProblem[] {
  const { coordinator } = file;
  const problems: FleetProblem[] = [];
  const zone = coordinator.zone ?? usualZone(file.region, table);
  if (coordinator.zone !== undefined) {
    const message = zoneProblem(zone, table);
    const region = regionOf(zone);
    if (message !== null) problems.push({ path: ['coordinator', 'zone'], message });
    else if (!regionsOf(file).includes(region))
      problems.push({
        path: ['coordinator', 'zone'],
        message: `lies in ${region}, which is not among the fleet's regions (${regionsOf(file).join(', ')})`,
      });
  }
  const unknown = machineProblem(coordinator.machine, file.further_machines);
  if (unknown !== null) problems.push({ path: ['coordinator', 'machine'], message: unknown });
  if (architectureOf(coordinator.machine) === 'arm64')
    problems.push({
      path: ['coordinator', 'machine'],
      message: 'is an arm64 machine; the coordinator is built for x64, as e2-medium',
    });
  coordinator.allow_from?.forEach((range, index) => {
    if (parseRange(range) === null)
      problems.push({ path: ['coordinator', 'allow_from', index], message: rangeMessage(range) });
  });
  if (!coordinator.public && coordinator.domain !== undefined)
    problems.push({
      path: ['coordinator', 'public'],
      message: 'is false, but `domain` needs a public address: its certificate is proved from the internet',
    });
  if (file.monitoring?.uptime_check === true && (!coordinator.public || coordinator.allow_from !== undefined))
    problems.push({
      path: ['monitoring', 'uptime_check'],
      message: `asks from the internet, which \`coordinator.${coordinator.public ? 'allow_from' : 'public: false'}\` keeps out: write uptime_check: false`,
    });
  if (coordinator.dns_zone !== undefined && coordinator.domain === undefined)
    problems.push({ path: ['coordinator', 'dns_zone'], message: 'needs `domain`: the name that the zone shall get' });
  if (coordinator.acme_email !== undefined && coordinator.domain === undefined)
    problems.push({
      path: ['coordinator', 'acme_email'],
      message: 'needs `domain`: certificates are asked for a name, not for an address',
    });
  return problems;
}

/** One name leads to one place. */
function domainProblems(file: FleetFile): FleetProblem[] {
  const owners = new Map<string, string>();
  if (file.coordinator.domain !== undefined) owners.set(file.coordinator.domain, 'the coordinator');
  const problems: FleetProblem[] = [];
  const { standby_domain: standby } = file.coordinator;
  if (standby !== undefined && owners.has(standby))
    problems.push({
      path: ['coordinator', 'standby_domain'],
      message: `"${standby}" is the name of the coordinator already`,
    });
  else if (standby !== undefined) owners.set(standby, 'the standby');
  for (const [name, pool] of Object.entries(file.pools)) {
    if (typeof pool.ingress !== 'object') continue;
    pool.ingress.https_lb.domains.forEach((domain, index) => {
      const owner = owners.get(domain);
      if (owner !== undefined)
        problems.push({
          path: ['pools', name, 'ingress', 'https_lb', 'domains', index],
          message: `"${domain}" is the name of ${owner} already`,
        });
      owners.set(domain, `pool ${name}`);
    });
  }
  return problems;
}

function addOnProblems(file: FleetFile, table: ZoneTable): FleetProblem[] {
  const problems: FleetProblem[] = [];
  const known = [...table.regions, ...MULTI_REGIONS];
  const locations = [
    { key: 'registry', location: file.registry === false ? undefined : file.registry.location },
    { key: 'snapshots', location: file.snapshots.location },
  ];
  for (const { key, location } of locations)
    if (location !== undefined && !known.includes(location))
      problems.push({
        path: [key, 'location'],
        message: `"${location}" is not a region of Google, nor one of ${MULTI_REGIONS.join(', ')}${suggestion(location, known)}`,
      });
  const region = file.memorystore?.region;
  if (region !== undefined && !regionsOf(file).includes(region))
    problems.push({
      path: ['memorystore', 'region'],
      message: `"${region}" is not among the fleet's regions (${regionsOf(file).join(', ')})`,
    });
  return problems;
}

function localProblems({ local }: FleetFile): FleetProblem[] {
  const problems: FleetProblem[] = [];
  const last = local.ingress_port + local.hosts - 1;
  if (last > 65_535)
    problems.push({
      path: ['local', 'ingress_port'],
      message: `leaves no port for host ${local.hosts}: the last would be ${last}`,
    });
  for (const key of ['coordinator_port', 'registry_port'] as const)
    if (local[key] >= local.ingress_port && local[key] <= last)
      problems.push({
        path: ['local', key],
        message: `is taken by the hosts' ingress (${local.ingress_port} to ${last})`,
      });
  if (local.coordinator_port === local.registry_port)
    problems.push({
      path: ['local', 'registry_port'],
      message: `is taken by the coordinator (${local.coordinator_port})`,
    });
  return problems;
}
