/**
 * The coordinator's data: a disk of its own that outlives every replacement of the machine, and snapshots that outlive
 * the disk. With `protect` Terraform refuses to destroy the disk. A disk from a snapshot is another disk, with a name of
 * its own, so that it is there before the one that it takes over from goes.
 */
import { ComputeDisk } from '@cdktf/provider-google/lib/compute-disk/index.js';
import { ComputeDiskResourcePolicyAttachment } from '@cdktf/provider-google/lib/compute-disk-resource-policy-attachment/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { CoordinatorMachine } from '../fleet-file/fleet-config.ts';
import { coordinatorDiskName } from '../fleet-file/resource-names.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';

export interface CoordinatorDiskProps {
  readonly fleet: string;
  readonly machine: CoordinatorMachine;
  readonly labels: Readonly<Record<string, string>>;
  readonly kmsKey: string | null;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
}

export class CoordinatorDisk extends Construct {
  readonly disk: ComputeDisk;

  constructor(
    scope: Construct,
    id: string,
    { fleet, machine, labels, kmsKey, protect, services }: CoordinatorDiskProps,
  ) {
    super(scope, id);
    const { dataSnapshot } = machine;
    this.disk = new ComputeDisk(this, dataSnapshot === null ? 'data' : `data-from-${dataSnapshot}`, {
      name: coordinatorDiskName(fleet, dataSnapshot),
      zone: machine.zone,
      type: machine.diskType,
      size: machine.dataDiskGb,
      ...(kmsKey === null ? {} : { diskEncryptionKey: { kmsKeySelfLink: kmsKey } }),
      ...(dataSnapshot === null ? {} : { snapshot: dataSnapshot }),
      dependsOn: services,
      lifecycle: { ...AFTER_ITS_USERS, preventDestroy: protect },
    });
    const { policy } = new SnapshotSchedule(this, 'snapshots', {
      name: `${fleet}-coordinator-daily`,
      region: machine.region,
      snapshots: machine.snapshots,
      labels,
      services,
    });
    // As it was called before disks of pools had one too.
    policy.overrideLogicalId('coordinator-disk_daily');
    new ComputeDiskResourcePolicyAttachment(this, 'scheduled', {
      name: policy.name,
      disk: this.disk.name,
      zone: machine.zone,
    });
  }
}
