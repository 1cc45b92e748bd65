/**
 * The template that a pool's groups make machines from: machine, disk, network, identity and a bootstrap without
 * versions. A change makes a new template beside the old; which machine takes it when is the group's matter.
 */
import { ComputeInstanceTemplate } from '@cdktf/provider-google/lib/compute-instance-template/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { PoolConfig } from '../fleet-file/fleet-config.ts';
import { templatePrefix } from '../fleet-file/resource-names.ts';
import { debianImage, MACHINE_SCOPES, shieldedVm } from './machine-habits.ts';
import type { Metadata } from './machine-metadata.ts';
import { schedulingOf } from './pool-scheduling.ts';
import { VOLUMES_DEVICE } from './volumes-disk.ts';

export interface PoolTemplateProps {
  readonly fleet: string;
  readonly pool: PoolConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnet: string;
  readonly kmsKey: string | null;
  readonly account: string;
  readonly metadata: Metadata;
  /** Name of the schedule for snapshots of named volumes; null: there are none. */
  readonly schedule: string | null;
  readonly services: ITerraformDependable[];
}

export class PoolTemplate extends Construct {
  readonly template: ComputeInstanceTemplate;

  constructor(scope: Construct, id: string, props: PoolTemplateProps) {
    super(scope, id);
    const { fleet, pool } = props;
    const encryption = props.kmsKey === null ? {} : { diskEncryptionKey: { kmsKeySelfLink: props.kmsKey } };
    const diskLabels = { ...props.labels, longshore_pool: pool.name };
    this.template = new ComputeInstanceTemplate(this, 'template', {
      namePrefix: templatePrefix(fleet, pool.name),
      machineType: pool.machine,
      disk: [
        {
          boot: true,
          autoDelete: true,
          sourceImage: debianImage(pool.architecture),
          diskSizeGb: pool.diskGb,
          diskType: pool.diskType,
          labels: diskLabels,
          ...diskHabits(pool.diskType),
          ...encryption,
        },
        ...(pool.volumesDiskGb === null
          ? []
          : [
              {
                boot: false,
                // The group keeps it all the same: its stateful policy is the stronger word.
                autoDelete: false,
                deviceName: VOLUMES_DEVICE,
                diskSizeGb: pool.volumesDiskGb,
                diskType: pool.diskType,
                labels: diskLabels,
                ...(props.schedule === null ? {} : { resourcePolicies: [props.schedule] }),
                ...diskHabits(pool.diskType),
                ...encryption,
              },
            ]),
      ],
      networkInterface: [
        { subnetwork: props.subnet, ...(pool.publicAddress ? { accessConfig: [{ networkTier: 'PREMIUM' }] } : {}) },
      ],
      labels: { longshore_pool: pool.name },
      metadata: { ...props.metadata },
      serviceAccount: { email: props.account, scopes: [...MACHINE_SCOPES] },
      shieldedInstanceConfig: shieldedVm(pool.architecture),
      scheduling: schedulingOf(pool),
      lifecycle: { createBeforeDestroy: true },
      dependsOn: props.services,
    });
  }
}

/** Written out, because the provider's versions fill them in differently. */
function diskHabits(diskType: string): { readonly type: string; readonly mode: string; readonly interface: string } {
  return {
    type: 'PERSISTENT',
    mode: 'READ_WRITE',
    interface: diskType.startsWith('hyperdisk') ? 'NVME' : 'SCSI',
  };
}
