/** Which of Google's services a fleet needs enabled in its project. Pure. */
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

const ALWAYS = ['cloudresourcemanager', 'compute', 'iam', 'secretmanager', 'storage'];

/** Full names, sorted, so that a further one moves no other. */
export function neededServices(fleet: FleetConfig): readonly string[] {
  const names = [
    ...ALWAYS,
    ...(fleet.registry === null ? [] : ['artifactregistry']),
    ...(fleet.coordinator.dnsZone === null ? [] : ['dns']),
    ...(hasIapLogin(fleet) ? ['iap', 'oslogin'] : []),
    ...(fleet.coordinator.cloudSql === null ? [] : ['servicenetworking', 'sqladmin']),
    ...(fleet.memorystore === null ? [] : ['redis', 'servicenetworking']),
    ...(fleet.monitoring === null ? [] : ['logging', 'monitoring']),
  ];
  return [...new Set(names)].sort().map((name) => `${name}.googleapis.com`);
}

function hasIapLogin(fleet: FleetConfig): boolean {
  return !fleet.coordinator.isPublic || [fleet.coordinator, ...fleet.pools].some(({ ssh }) => ssh !== 'none');
}
