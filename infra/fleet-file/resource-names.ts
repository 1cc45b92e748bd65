/**
 * Names of what a fleet and its pools own in Google Cloud, and how long each may be. Names are made in one place, so
 * that the fleet file is refused for a name that is too long before anything is planned.
 */
import { shortHash } from '../short-hash.ts';
import type { FleetConfig } from './fleet-config.ts';

export interface NameLimit {
  readonly what: string;
  readonly name: string;
  readonly max: number;
}

/** Buckets share one namespace with the whole world, hence the project in front. */
export function bucketName(project: string, fleet: string): string {
  return `${project}-${fleet}-longshore`;
}

/** `poolAccountId` can never be this one: a pool is not called `coordinator`. */
export function coordinatorAccountId(fleet: string): string {
  return `ls-${fleet}-coord`;
}

/** The prefix keeps the shortest of names above Google's least length of 6. */
export function poolAccountId(fleet: string, pool: string): string {
  return `ls-${fleet}-${pool}`;
}

/** Terraform adds 26 characters of its own: at most 37 here. */
export function templatePrefix(fleet: string, pool: string): string {
  return `${fleet}-${pool}-`;
}

/** Of the group of one zone, and the base name of its instances (Google adds a dash and 4 characters). */
export function groupName(fleet: string, pool: string, zone: string): string {
  return `${fleet}-${pool}-${zone}`;
}

/** Machine `number` (from 1) of a zone of a pool of single instances; a further zone renames none. */
export function singleName(fleet: string, pool: string, zone: string, number: number): string {
  return `${groupName(fleet, pool, zone)}-${number}`;
}

/** Of its machine; its addresses and its disk begin with it. */
export function coordinatorName(fleet: string): string {
  return `${fleet}-coordinator`;
}

/** Of the second coordinator's machine. */
export function standbyName(fleet: string): string {
  return `${coordinatorName(fleet)}-2`;
}

/** @param snapshot that the disk is made from; null: the first one, which began empty */
export function coordinatorDiskName(fleet: string, snapshot: string | null): string {
  return `${fleet}-coordinator-data${snapshot === null ? '' : `-${shortHash(snapshot)}`}`;
}

/** Of a single machine's disk for named volumes. */
export function volumesDiskName(machine: string, snapshot: string | null): string {
  return `${machine}-volumes${snapshot === null ? '' : `-${shortHash(snapshot)}`}`;
}

/** By a name that follows from what it says: what names it is made anew before it goes. */
export function volumesScheduleName(
  { name, snapshots, labels }: Pick<FleetConfig, 'name' | 'snapshots' | 'labels'>,
  pool: string,
): string {
  return `${name}-${pool}-${shortHash(JSON.stringify([snapshots, labels]))}`;
}

/** Every name with a limit that this pool would get. */
export function poolNames(fleet: string, pool: string, zones: readonly string[]): readonly NameLimit[] {
  return [
    { what: 'service account', name: poolAccountId(fleet, pool), max: 30 },
    { what: 'instance template (Terraform adds 26 characters)', name: templatePrefix(fleet, pool), max: 37 },
    ...zones.map((zone) => ({ what: 'group and its instances', name: groupName(fleet, pool, zone), max: 58 })),
  ];
}

export function fleetNames(project: string, fleet: string): readonly NameLimit[] {
  return [
    { what: 'bucket', name: bucketName(project, fleet), max: 63 },
    { what: 'service account', name: coordinatorAccountId(fleet), max: 30 },
  ];
}
