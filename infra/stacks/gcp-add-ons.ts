/** What a fleet may have beside its machines: names, cache, checks from outside, logs. */
import type { ITerraformDependable, TerraformStack } from 'cdktf';
import { AppCache } from '../constructs/app-cache.ts';
import { CoordinatorName } from '../constructs/coordinator-name.ts';
import { CoordinatorWatch } from '../constructs/coordinator-watch.ts';
import type { FleetNetwork } from '../constructs/fleet-network.ts';
import { LogArchive } from '../constructs/log-archive.ts';
import type { PrivateServices } from '../constructs/private-services.ts';
import type { FleetConfig, MonitoringConfig } from '../fleet-file/fleet-config.ts';
import { coordinatorName, standbyName } from '../fleet-file/resource-names.ts';

export interface AddOnParts {
  readonly network: FleetNetwork;
  readonly services: ITerraformDependable[];
  /** Null: nothing asks for one. */
  readonly managed: PrivateServices | null;
  readonly publicAddress: string | null;
  /** Null: there is no standby, or it is not public. */
  readonly standbyAddress: string | null;
}

export interface AddOns {
  /** Null: the fleet has none. */
  readonly cache: AppCache | null;
}

export function addAddOns(stack: TerraformStack, fleet: FleetConfig, parts: AddOnParts): AddOns {
  const { services } = parts;
  const { memorystore, monitoring } = fleet;
  for (const { id, domain, address } of reachable(fleet, parts))
    if (domain !== null && fleet.coordinator.dnsZone !== null)
      new CoordinatorName(stack, `${id}-name`, { domain, zone: fleet.coordinator.dnsZone, address, services });
  const cache =
    memorystore === null || parts.managed === null
      ? null
      : new AppCache(stack, 'cache', {
          fleet: fleet.name,
          memorystore,
          network: parts.network.network.id,
          rangeName: parts.managed.rangeName,
          kmsKey: fleet.kmsKey,
          protect: fleet.protect,
          after: [parts.managed.connection],
        });
  if (monitoring !== null) addMonitoring(stack, fleet, monitoring, parts);
  return { cache };
}

function addMonitoring(
  stack: TerraformStack,
  fleet: FleetConfig,
  monitoring: MonitoringConfig,
  parts: AddOnParts,
): void {
  const { services } = parts;
  if (monitoring.uptimeCheck)
    for (const { id, machine, domain, address } of reachable(fleet, parts))
      new CoordinatorWatch(stack, id === 'coordinator' ? 'watch' : `${id}-watch`, {
        fleet: fleet.name,
        what: id,
        machine,
        project: fleet.project,
        host: domain ?? address,
        trusted: domain !== null,
        alertEmail: monitoring.alertEmail,
        services,
      });
  if (monitoring.logSinkDays !== null)
    new LogArchive(stack, 'logs', {
      fleet: fleet.name,
      project: fleet.project,
      region: fleet.region,
      days: monitoring.logSinkDays,
      services,
    });
}

/** Coordinators with a public address. */
function reachable(
  { name, coordinator }: FleetConfig,
  { publicAddress, standbyAddress }: AddOnParts,
): readonly {
  readonly id: 'coordinator' | 'standby';
  readonly machine: string;
  readonly domain: string | null;
  readonly address: string;
}[] {
  return [
    ...(publicAddress === null
      ? []
      : [
          {
            id: 'coordinator' as const,
            machine: coordinatorName(name),
            domain: coordinator.domain,
            address: publicAddress,
          },
        ]),
    ...(standbyAddress === null
      ? []
      : [
          {
            id: 'standby' as const,
            machine: standbyName(name),
            domain: coordinator.standby?.domain ?? null,
            address: standbyAddress,
          },
        ]),
  ];
}
