/** A fleet file of the right form, to what the constructs take: every default that depends on another key is filled in. */
import type { FleetFile, PoolFile } from './fleet-schema.ts';
import type { CoordinatorMachine, FleetConfig, PoolConfig, PoolIngress, SnapshotConfig } from './fleet-config.ts';
import { coordinatorAddress, cutSubnets, parseRange, RANGE_FORM, standbyAddress } from './cut-subnets.ts';
import { regionOf, usualZone, zoneTable, type ZoneTable } from './google-zones.ts';
import { architectureOf, isKnownMachine, usualDiskType } from './machine-family.ts';
import { splitSizes } from './split-sizes.ts';

/** Total over files of the right form; one that breaks a rule of `fleet-rules.ts` gives a value of no use. */
export function resolveFleet(file: FleetFile): FleetConfig {
  const table = zoneTable(file.further_zones);
  const subnets = cutSubnets(parseRange(file.network.range) ?? { base: 0, bits: 16 }, regionsOf(file));
  return {
    name: file.name,
    project: file.project,
    region: file.region,
    state:
      file.state === undefined
        ? null
        : { bucket: file.state.bucket, prefix: file.state.prefix ?? `longshore/${file.name}` },
    labels: file.labels,
    protect: file.protect,
    kmsKey: file.kms_key ?? null,
    snapshots: snapshotsOf(file),
    network: { range: file.network.range, flowLogs: file.network.flow_logs, subnets },
    coordinator: coordinatorOf(file, table, subnets),
    pools: Object.entries(file.pools).map(([name, pool]) => poolOf(name, pool, file.region, table)),
    ingressImage: file.ingress_image ?? null,
    registry:
      file.registry === false
        ? null
        : {
            location: file.registry.location ?? file.region,
            repository: file.registry.repository ?? file.name,
            untaggedDays: file.registry.untagged_days,
          },
    memorystore:
      file.memorystore === undefined
        ? null
        : {
            region: file.memorystore.region ?? file.region,
            memoryGb: file.memorystore.memory_gb,
            tier: file.memorystore.tier,
            tls: file.memorystore.tls,
            auth: file.memorystore.auth,
          },
    monitoring:
      file.monitoring === undefined
        ? null
        : {
            uptimeCheck: file.monitoring.uptime_check,
            alertEmail: file.monitoring.alert_email ?? null,
            logSinkDays: file.monitoring.log_sink_days ?? null,
          },
    local: {
      hosts: file.local.hosts,
      coordinatorPort: file.local.coordinator_port,
      registryPort: file.local.registry_port,
      ingressPort: file.local.ingress_port,
    },
  };
}

function snapshotsOf({ snapshots }: FleetFile): SnapshotConfig {
  return {
    everyHours: snapshots.every_hours,
    startTime: snapshots.start,
    days: snapshots.days,
    location: snapshots.location ?? null,
  };
}

/** In the order that their subnets are cut in. */
export function regionsOf(file: FleetFile): readonly string[] {
  return file.regions ?? [file.region];
}

function coordinatorOf(
  file: FleetFile,
  table: ZoneTable,
  subnets: FleetConfig['network']['subnets'],
): CoordinatorMachine {
  const { coordinator } = file;
  const zone = coordinator.zone ?? usualZone(file.region, table);
  const region = regionOf(zone);
  const sql = coordinator.cloud_sql;
  const subnet = subnets.find((known) => known.region === region)?.range ?? '';
  return {
    zone,
    region,
    machine: coordinator.machine,
    bootDiskGb: coordinator.boot_disk_gb,
    dataDiskGb: coordinator.data_disk_gb,
    diskType: usualDiskType(coordinator.machine),
    internalAddress: coordinatorAddress(subnet),
    domain: coordinator.domain ?? null,
    dnsZone: coordinator.dns_zone ?? null,
    acmeEmail: coordinator.acme_email ?? null,
    dataSnapshot: coordinator.data_snapshot ?? null,
    snapshots: {
      ...snapshotsOf(file),
      ...(coordinator.snapshot_days === undefined ? {} : { days: coordinator.snapshot_days }),
    },
    ssh: coordinator.ssh,
    isPublic: coordinator.public,
    allowFrom: coordinator.allow_from ?? null,
    standby:
      coordinator.count === 1
        ? null
        : {
            zone: coordinator.standby_zone ?? usualStandbyZone(zone, table),
            internalAddress: standbyAddress(subnet),
            domain: coordinator.standby_domain ?? null,
          },
    cloudSql:
      sql === undefined ? null : { tier: sql.tier, highAvailability: sql.high_availability, diskGb: sql.disk_gb },
  };
}

/** Another zone of the region, where Google has one. */
function usualStandbyZone(zone: string, table: ZoneTable): string {
  return table.zonesOf(regionOf(zone)).find((other) => other !== zone) ?? zone;
}

function poolOf(name: string, pool: PoolFile, home: string, table: ZoneTable): PoolConfig {
  const region = poolRegion(pool, home);
  const zones = pool.zones ?? [usualZone(region, table)];
  const ingress = ingressOf(pool);
  return {
    name,
    region,
    zones: splitSizes(pool.count, zones),
    count: pool.count,
    kind: pool.kind,
    machine: pool.machine,
    architecture: isKnownMachine(pool.machine)
      ? architectureOf(pool.machine)
      : (pool.architecture ?? architectureOf(pool.machine)),
    spot: pool.spot,
    diskGb: pool.disk_gb,
    diskType: pool.disk_type ?? usualDiskType(pool.machine),
    labels: pool.labels,
    ssh: pool.ssh,
    publicAddress: pool.public_address ?? ingress.kind === 'address',
    ingress,
    allow: pool.allow.map(({ from, ports }) => ({
      from: RANGE_FORM.test(from) ? { range: from } : { pool: from },
      ports: ports.map(String),
    })),
    autohealing: pool.autohealing,
    volumesDiskGb: pool.volumes_disk_gb ?? null,
    volumesSnapshots: pool.volumes_snapshots,
    metadataAccess: pool.metadata_access,
  };
}

/** As the pool says; else where its zones are; else the fleet's. */
export function poolRegion(pool: PoolFile, home: string): string {
  const [first] = pool.zones ?? [];
  return pool.region ?? (first === undefined ? home : regionOf(first));
}

export function ingressOf(pool: PoolFile): PoolIngress {
  const { ingress } = pool;
  if (ingress === undefined) return { kind: pool.kind === 'single' && pool.count === 1 ? 'address' : 'network-lb' };
  if (typeof ingress === 'string') return { kind: ingress };
  const { domains, former_domains: former = null } = ingress.https_lb;
  return { kind: 'https-lb', domains, formerDomains: former };
}
