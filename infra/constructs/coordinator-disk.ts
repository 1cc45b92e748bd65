/**
 * The coordinator's data: a disk of its own that outlives every replacement of the machine, and daily snapshots that
 * outlive the disk. With `protect` Terraform refuses to destroy the disk.
 */
import { ComputeDisk } from '@cdktf/provider-google/lib/compute-disk/index.js';
import { ComputeDiskResourcePolicyAttachment } from '@cdktf/provider-google/lib/compute-disk-resource-policy-attachment/index.js';
import { ComputeResourcePolicy } from '@cdktf/provider-google/lib/compute-resource-policy/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { CoordinatorMachine } from '../fleet-file/fleet-config.ts';

export interface CoordinatorDiskProps {
  readonly fleet: string;
  readonly machine: CoordinatorMachine;
  readonly labels: Readonly<Record<string, string>>;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
}

export class CoordinatorDisk extends Construct {
  readonly disk: ComputeDisk;

  constructor(scope: Construct, id: string, { fleet, machine, labels, protect, services }: CoordinatorDiskProps) {
    super(scope, id);
    this.disk = new ComputeDisk(this, 'data', {
      name: `${fleet}-coordinator-data`,
      zone: machine.zone,
      type: machine.diskType,
      size: machine.dataDiskGb,
      dependsOn: services,
      lifecycle: { preventDestroy: protect },
    });
    const schedule = new ComputeResourcePolicy(this, 'daily', {
      name: `${fleet}-coordinator-daily`,
      region: machine.region,
      snapshotSchedulePolicy: {
        schedule: { dailySchedule: { daysInCycle: 1, startTime: '03:00' } },
        retentionPolicy: { maxRetentionDays: machine.snapshotDays, onSourceDiskDelete: 'KEEP_AUTO_SNAPSHOTS' },
        snapshotProperties: { labels: { ...labels }, storageLocations: [machine.region] },
      },
      dependsOn: services,
    });
    new ComputeDiskResourcePolicyAttachment(this, 'scheduled', {
      name: schedule.name,
      disk: this.disk.name,
      zone: machine.zone,
    });
  }
}
