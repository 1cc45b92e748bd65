/**
 * The two reserved addresses of a coordinator's machine: agents dial the internal one, people the public one, where it
 * has one. Both outlive it.
 */
import { ComputeAddress } from '@cdktf/provider-google/lib/compute-address/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { CoordinatorMachine } from '../fleet-file/fleet-config.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';

export interface CoordinatorAddressesProps {
  /** Of the machine. */
  readonly name: string;
  readonly machine: Pick<CoordinatorMachine, 'region' | 'internalAddress' | 'isPublic'>;
  readonly subnet: string;
  readonly services: ITerraformDependable[];
}

export class CoordinatorAddresses extends Construct {
  readonly internal: ComputeAddress;
  /** Null: it has none. */
  readonly public: ComputeAddress | null;

  constructor(scope: Construct, id: string, { name, machine, subnet, services }: CoordinatorAddressesProps) {
    super(scope, id);
    this.internal = new ComputeAddress(this, 'internal', {
      name: `${name}-internal`,
      region: machine.region,
      addressType: 'INTERNAL',
      purpose: 'GCE_ENDPOINT',
      subnetwork: subnet,
      address: machine.internalAddress,
    });
    this.public = machine.isPublic
      ? new ComputeAddress(this, 'public', {
          name: `${name}-public`,
          region: machine.region,
          addressType: 'EXTERNAL',
          networkTier: 'PREMIUM',
          lifecycle: AFTER_ITS_USERS,
          dependsOn: services,
        })
      : null;
  }
}
