/** What a fleet costs a month, by the price table of this repository: an estimate for a person who plans. Pure. */
import { STANDBY_DISK_GB, type FleetConfig, type PoolConfig } from '../fleet-file/fleet-config.ts';
import { familyName, machineSize } from '../fleet-file/machine-family.ts';
import {
  DISK_PRICES,
  HOURLY,
  HOURS_A_MONTH,
  MACHINE_PRICES,
  PRICES_AS_OF,
  REGIONS,
  SPOT_PART,
  SQL_DISK_GB,
  SQL_TIERS,
} from './price-table.ts';

export interface Estimate {
  /** US dollars a month; null: the table has no price for it. */
  readonly lines: readonly { readonly what: string; readonly dollars: number | null }[];
}

export function estimateCost(fleet: FleetConfig): Estimate {
  const { coordinator, pools, memorystore } = fleet;
  const { cloudSql } = coordinator;
  return {
    lines: [
      {
        what: `coordinator (${coordinator.machine})`,
        dollars: coordinatorDollars(coordinator, coordinator.dataDiskGb),
      },
      ...(coordinator.standby === null
        ? []
        : [{ what: `standby (${coordinator.machine})`, dollars: coordinatorDollars(coordinator, STANDBY_DISK_GB) }]),
      ...pools.map((pool) => ({
        what: `pool ${pool.name} (${pool.count} × ${pool.machine}${pool.spot ? ', spot' : ''})`,
        dollars: poolDollars(pool),
      })),
      ...balancers(pools),
      ...natLines(fleet),
      ...(cloudSql === null
        ? []
        : [{ what: `Cloud SQL (${cloudSql.tier})`, dollars: sqlDollars(cloudSql, coordinator.region) }]),
      ...(memorystore === null
        ? []
        : [
            {
              what: `Memorystore (${memorystore.tier}, ${memorystore.memoryGb} GB)`,
              dollars:
                memorystore.memoryGb *
                (memorystore.tier === 'BASIC' ? HOURLY.redisBasicGb : HOURLY.redisStandardGb) *
                HOURS_A_MONTH *
                factorOf(memorystore.region),
            },
          ]),
    ],
  };
}

export function renderEstimate({ lines }: Estimate): string {
  const known = lines.flatMap(({ dollars }) => (dollars === null ? [] : [dollars]));
  const unknown = lines.filter(({ dollars }) => dollars === null);
  const width = Math.max(...lines.map(({ what }) => what.length));
  return [
    `About ${Math.round(known.reduce((sum, dollars) => sum + dollars, 0))} US dollars a month${unknown.length === 0 ? '' : ', without what has no price here'} (list prices as of ${PRICES_AS_OF}, unverified; without traffic, images and snapshots)`,
    ...lines.map(
      ({ what, dollars }) => `  ${what.padEnd(width)}  ${dollars === null ? '     ?' : dollars.toFixed(0).padStart(6)}`,
    ),
  ].join('\n');
}

function machineDollars(machine: string, region: string): number | null {
  const size = machineSize(machine);
  const price = MACHINE_PRICES[familyName(machine)];
  if (size === null || price === undefined) return null;
  return (size.cpus * price.cpu + size.gb * price.gb) * HOURS_A_MONTH * factorOf(region);
}

function diskDollars(type: string, gb: number, region: string): number {
  return (DISK_PRICES[type] ?? 0) * gb * factorOf(region);
}

function coordinatorDollars(coordinator: FleetConfig['coordinator'], dataDiskGb: number): number | null {
  const { machine, region, diskType, bootDiskGb, isPublic } = coordinator;
  const own = machineDollars(machine, region);
  if (own === null) return null;
  return (
    own + diskDollars(diskType, bootDiskGb + dataDiskGb, region) + (isPublic ? HOURLY.publicAddress * HOURS_A_MONTH : 0)
  );
}

function poolDollars(pool: PoolConfig): number | null {
  const machine = machineDollars(pool.machine, pool.region);
  if (machine === null) return null;
  const disks = diskDollars(pool.diskType, pool.diskGb + (pool.volumesDiskGb ?? 0), pool.region);
  const address = pool.publicAddress ? (pool.spot ? HOURLY.spotAddress : HOURLY.publicAddress) * HOURS_A_MONTH : 0;
  return pool.count * (machine * (pool.spot ? SPOT_PART : 1) + disks + address);
}

/** Up to five rules of a region cost as much as one. */
function balancers(pools: readonly PoolConfig[]): Estimate['lines'] {
  const regional = new Set(pools.filter(({ ingress }) => ingress.kind === 'network-lb').map(({ region }) => region));
  const hasGlobal = pools.some(({ ingress }) => ingress.kind === 'https-lb');
  const count = regional.size + (hasGlobal ? 1 : 0);
  return count === 0 ? [] : [{ what: 'balancers', dollars: count * HOURLY.balancer * HOURS_A_MONTH }];
}

function natLines({ pools, coordinator }: FleetConfig): Estimate['lines'] {
  const behind = new Map<string, number>();
  for (const { region, publicAddress, count } of pools)
    if (!publicAddress) behind.set(region, (behind.get(region) ?? 0) + count);
  if (!coordinator.isPublic)
    behind.set(coordinator.region, (behind.get(coordinator.region) ?? 0) + (coordinator.standby === null ? 1 : 2));
  if (behind.size === 0) return [];
  const dollars = [...behind.values()].reduce(
    (sum, count) => sum + (Math.min(count * HOURLY.natMachine, HOURLY.natMost) + HOURLY.publicAddress) * HOURS_A_MONTH,
    0,
  );
  return [{ what: 'Cloud NAT', dollars }];
}

function sqlDollars(sql: NonNullable<FleetConfig['coordinator']['cloudSql']>, region: string): number | null {
  const [, cpus, mb] = /^db-custom-(\d+)-(\d+)$/.exec(sql.tier) ?? [];
  const hourly =
    cpus === undefined ? SQL_TIERS[sql.tier] : Number(cpus) * HOURLY.sqlCpu + (Number(mb) / 1024) * HOURLY.sqlGb;
  if (hourly === undefined) return null;
  const one = (hourly * HOURS_A_MONTH + sql.diskGb * SQL_DISK_GB) * factorOf(region);
  return sql.highAvailability ? 2 * one : one;
}

function factorOf(region: string): number {
  const found = Object.keys(REGIONS)
    .filter((prefix) => region.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  return REGIONS[found ?? ''] ?? 1.2;
}
