/**
 * Machines of their own, for pools that ask for them: known by zone and number, so that one more or another zone moves
 * none. A reserved address is the pool's, and stays when its machine goes.
 */
import { ComputeAddress } from '@cdktf/provider-google/lib/compute-address/index.js';
import { ComputeDisk } from '@cdktf/provider-google/lib/compute-disk/index.js';
import { ComputeDiskResourcePolicyAttachment } from '@cdktf/provider-google/lib/compute-disk-resource-policy-attachment/index.js';
import { ComputeInstance } from '@cdktf/provider-google/lib/compute-instance/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { PoolConfig } from '../fleet-file/fleet-config.ts';
import { singleName, volumesDiskName } from '../fleet-file/resource-names.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { debianImage, MACHINE_SCOPES, shieldedVm } from './machine-habits.ts';
import type { Metadata } from './machine-metadata.ts';
import { schedulingOf } from './pool-scheduling.ts';
import { VOLUMES_DEVICE } from './volumes-disk.ts';

export interface SingleMachinesProps {
  readonly fleet: string;
  readonly pool: PoolConfig;
  readonly subnet: string;
  readonly account: string;
  readonly metadata: Metadata;
  /** Name of the schedule for snapshots of named volumes; null: there are none. */
  readonly schedule: string | null;
  readonly kmsKey: string | null;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
  readonly after: ITerraformDependable[];
}

export class SingleMachines extends Construct {
  /** The pool's reserved address; null without `ingress: address`. */
  readonly address: string | null;
  readonly machines: readonly { readonly zone: string; readonly link: string }[];

  constructor(scope: Construct, id: string, props: SingleMachinesProps) {
    super(scope, id);
    const { fleet, pool } = props;
    this.address =
      pool.ingress.kind === 'address'
        ? new ComputeAddress(this, 'address', {
            name: `${fleet}-${pool.name}`,
            region: pool.region,
            addressType: 'EXTERNAL',
            networkTier: 'PREMIUM',
            lifecycle: AFTER_ITS_USERS,
            dependsOn: props.services,
          }).address
        : null;
    this.machines = pool.zones.flatMap(({ zone, count }) =>
      Array.from({ length: count }, (_, index) => ({ zone, link: this.#machine(props, zone, index + 1).selfLink })),
    );
  }

  #machine(props: SingleMachinesProps, zone: string, number: number): ComputeInstance {
    const { fleet, pool, kmsKey } = props;
    const name = singleName(fleet, pool.name, zone, number);
    const volumes = pool.volumesDiskGb === null ? null : this.#volumes(props, zone, number, pool.volumesDiskGb);
    return new ComputeInstance(this, `${zone}-${number}`, {
      name,
      zone,
      machineType: pool.machine,
      bootDisk: {
        autoDelete: true,
        ...(kmsKey === null ? {} : { kmsKeySelfLink: kmsKey }),
        initializeParams: {
          image: debianImage(pool.architecture),
          size: pool.diskGb,
          type: pool.diskType,
          // Only what never changes: another label here would replace the machine.
          labels: { longshore_fleet: fleet, longshore_pool: pool.name },
        },
      },
      ...(volumes === null
        ? {}
        : {
            attachedDisk: [
              {
                source: volumes.selfLink,
                deviceName: VOLUMES_DEVICE,
                mode: 'READ_WRITE',
                ...(kmsKey === null ? {} : { kmsKeySelfLink: kmsKey }),
              },
            ],
          }),
      networkInterface: [
        {
          subnetwork: props.subnet,
          ...(pool.publicAddress
            ? { accessConfig: [{ networkTier: 'PREMIUM', ...(this.address === null ? {} : { natIp: this.address }) }] }
            : {}),
        },
      ],
      labels: { longshore_pool: pool.name },
      // Not `metadata_startup_script`: a change of that one replaces the machine.
      metadata: { ...props.metadata },
      serviceAccount: { email: props.account, scopes: [...MACHINE_SCOPES] },
      shieldedInstanceConfig: shieldedVm(pool.architecture),
      scheduling: schedulingOf(pool),
      allowStoppingForUpdate: true,
      deletionProtection: false,
      dependsOn: props.after,
    });
  }

  #volumes(props: SingleMachinesProps, zone: string, number: number, size: number): ComputeDisk {
    const { fleet, pool } = props;
    const snapshot = pool.volumesSnapshots[`${zone}-${number}`] ?? null;
    const id = `${zone}-${number}-volumes`;
    const disk = new ComputeDisk(this, snapshot === null ? id : `${id}-from-${snapshot}`, {
      name: volumesDiskName(singleName(fleet, pool.name, zone, number), snapshot),
      zone,
      type: pool.diskType,
      size,
      ...(props.kmsKey === null ? {} : { diskEncryptionKey: { kmsKeySelfLink: props.kmsKey } }),
      ...(snapshot === null ? {} : { snapshot }),
      labels: { longshore_pool: pool.name },
      dependsOn: props.services,
      // Where the disk itself would have to be made anew (smaller, another type), its name is taken: an error, and no loss.
      lifecycle: { ...AFTER_ITS_USERS, preventDestroy: props.protect },
    });
    if (props.schedule !== null)
      new ComputeDiskResourcePolicyAttachment(this, `${id}-scheduled`, { name: props.schedule, disk: disk.name, zone });
    return disk;
  }
}
