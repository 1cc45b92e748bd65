/** When Google takes snapshots of disks, where it keeps them and for how long. Snapshots outlive the disk. */
import { ComputeResourcePolicy } from '@cdktf/provider-google/lib/compute-resource-policy/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { SnapshotConfig } from '../fleet-file/fleet-config.ts';

export interface SnapshotScheduleProps {
  readonly name: string;
  readonly region: string;
  readonly snapshots: SnapshotConfig;
  /** Of each snapshot. */
  readonly labels: Readonly<Record<string, string>>;
  readonly services: ITerraformDependable[];
}

export class SnapshotSchedule extends Construct {
  readonly policy: ComputeResourcePolicy;

  constructor(scope: Construct, id: string, { name, region, snapshots, labels, services }: SnapshotScheduleProps) {
    super(scope, id);
    const { everyHours, startTime } = snapshots;
    this.policy = new ComputeResourcePolicy(this, 'daily', {
      name,
      region,
      snapshotSchedulePolicy: {
        schedule:
          everyHours === 24
            ? { dailySchedule: { daysInCycle: 1, startTime } }
            : { hourlySchedule: { hoursInCycle: everyHours, startTime } },
        retentionPolicy: { maxRetentionDays: snapshots.days, onSourceDiskDelete: 'KEEP_AUTO_SNAPSHOTS' },
        snapshotProperties: { labels: { ...labels }, storageLocations: [snapshots.location ?? region] },
      },
      dependsOn: services,
    });
  }
}
