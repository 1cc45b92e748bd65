/**
 * The machine of a coordinator, the first or its standby. Everything that must last (data, addresses, secrets) is outside of it, so that it may be
 * replaced at any time; another machine type is one stop and one start.
 */
import { ComputeInstance } from '@cdktf/provider-google/lib/compute-instance/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { CoordinatorMachine } from '../fleet-file/fleet-config.ts';
import type { Metadata } from './machine-metadata.ts';
import { debianImage, MACHINE_SCOPES, shieldedVm } from './machine-habits.ts';
import { maintenanceOf } from './pool-scheduling.ts';

/** Google's name for the disk inside of the machine: /dev/disk/by-id/google-longshore-data. */
const DATA_DEVICE = 'longshore-data';

export interface CoordinatorInstanceProps {
  readonly fleet: string;
  readonly name: string;
  readonly machine: Pick<CoordinatorMachine, 'zone' | 'machine' | 'bootDiskGb' | 'diskType'>;
  readonly subnet: string;
  readonly internalAddress: string;
  /** Null: it goes out through Cloud NAT. */
  readonly publicAddress: string | null;
  readonly dataDisk: string;
  readonly kmsKey: string | null;
  readonly account: string;
  readonly metadata: Metadata;
  /** What its first boot needs: roles, objects, rules. */
  readonly after: ITerraformDependable[];
}

export class CoordinatorInstance extends Construct {
  readonly instance: ComputeInstance;

  constructor(scope: Construct, id: string, props: CoordinatorInstanceProps) {
    super(scope, id);
    const { fleet, machine } = props;
    this.instance = new ComputeInstance(this, 'machine', {
      name: props.name,
      zone: machine.zone,
      machineType: machine.machine,
      bootDisk: {
        autoDelete: true,
        ...(props.kmsKey === null ? {} : { kmsKeySelfLink: props.kmsKey }),
        initializeParams: {
          image: debianImage('x64'),
          size: machine.bootDiskGb,
          type: machine.diskType,
          // Only what never changes: another label here would replace the machine.
          labels: { longshore_fleet: fleet },
        },
      },
      attachedDisk: [
        {
          source: props.dataDisk,
          deviceName: DATA_DEVICE,
          mode: 'READ_WRITE',
          ...(props.kmsKey === null ? {} : { kmsKeySelfLink: props.kmsKey }),
        },
      ],
      networkInterface: [
        {
          subnetwork: props.subnet,
          networkIp: props.internalAddress,
          ...(props.publicAddress === null
            ? {}
            : { accessConfig: [{ natIp: props.publicAddress, networkTier: 'PREMIUM' }] }),
        },
      ],
      labels: { longshore_role: 'coordinator' },
      metadata: { ...props.metadata },
      serviceAccount: { email: props.account, scopes: [...MACHINE_SCOPES] },
      shieldedInstanceConfig: shieldedVm('x64'),
      scheduling: { automaticRestart: true, onHostMaintenance: maintenanceOf(machine.machine) },
      allowStoppingForUpdate: true,
      deletionProtection: false,
      dependsOn: props.after,
    });
  }
}
