/**
 * A second coordinator over the same database, in another zone where the region has one. Its disk holds only its own
 * certificates: what the fleet knows is in the database. So it is neither protected nor copied, and may go with `count: 1`.
 */
import { ComputeDisk } from '@cdktf/provider-google/lib/compute-disk/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { STANDBY_DISK_GB, type FleetConfig, type StandbyMachine } from '../fleet-file/fleet-config.ts';
import { standbyName } from '../fleet-file/resource-names.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { CoordinatorAddresses } from './coordinator-addresses.ts';
import { CoordinatorInstance } from './coordinator-instance.ts';
import type { Metadata } from './machine-metadata.ts';

export interface CoordinatorStandbyProps {
  readonly fleet: FleetConfig;
  readonly standby: StandbyMachine;
  readonly subnet: string;
  readonly account: string;
  /** @param publicAddress of the standby; null: it has none */
  readonly metadata: (publicAddress: string | null) => Metadata;
  readonly services: ITerraformDependable[];
  readonly after: ITerraformDependable[];
}

export class CoordinatorStandby extends Construct {
  /** Null: it has none. */
  readonly publicAddress: string | null;

  constructor(scope: Construct, id: string, props: CoordinatorStandbyProps) {
    super(scope, id);
    const { standby, subnet, services } = props;
    const { kmsKey } = props.fleet;
    const name = standbyName(props.fleet.name);
    const machine = { ...props.fleet.coordinator, ...standby };
    const addresses = new CoordinatorAddresses(this, 'address', { name, machine, subnet, services });
    this.publicAddress = addresses.public?.address ?? null;
    const disk = new ComputeDisk(this, 'data', {
      name: `${name}-data`,
      zone: standby.zone,
      type: machine.diskType,
      size: STANDBY_DISK_GB,
      ...(kmsKey === null ? {} : { diskEncryptionKey: { kmsKeySelfLink: kmsKey } }),
      dependsOn: services,
      lifecycle: AFTER_ITS_USERS,
    });
    new CoordinatorInstance(this, 'instance', {
      fleet: props.fleet.name,
      name,
      machine,
      subnet,
      internalAddress: addresses.internal.address,
      publicAddress: this.publicAddress,
      dataDisk: disk.selfLink,
      kmsKey,
      account: props.account,
      metadata: props.metadata(this.publicAddress),
      after: props.after,
    });
  }
}
