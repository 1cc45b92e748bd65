/**
 * The part of the fleet's range in which Google places managed services (database, cache): its last sixteenth, which no
 * region's subnet is cut from.
 */
import { ComputeGlobalAddress } from '@cdktf/provider-google/lib/compute-global-address/index.js';
import { ServiceNetworkingConnection } from '@cdktf/provider-google/lib/service-networking-connection/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { servicesRange } from '../fleet-file/cut-subnets.ts';

export interface PrivateServicesProps {
  readonly fleet: string;
  readonly network: string;
  /** Of the whole network. */
  readonly range: string;
  readonly services: ITerraformDependable[];
}

export class PrivateServices extends Construct {
  readonly connection: ServiceNetworkingConnection;
  readonly rangeName: string;

  constructor(scope: Construct, id: string, { fleet, network, range, services }: PrivateServicesProps) {
    super(scope, id);
    const [address = '', bits = ''] = servicesRange(range).split('/');
    const reserved = new ComputeGlobalAddress(this, 'range', {
      name: `${fleet}-services`,
      purpose: 'VPC_PEERING',
      addressType: 'INTERNAL',
      address,
      prefixLength: Number(bits),
      network,
    });
    this.rangeName = reserved.name;
    this.connection = new ServiceNetworkingConnection(this, 'connection', {
      network,
      service: 'servicenetworking.googleapis.com',
      reservedPeeringRanges: [reserved.name],
      // For some days Google refuses to end it ("Producer services still using this connection"), though the instances
      // are gone: it goes with the network. Where that stays, a later database takes the connection over.
      deletionPolicy: 'ABANDON',
      updateOnCreationFail: true,
      dependsOn: services,
    });
  }
}
