/**
 * The fleet's own network: one subnet per region, from which Google's services are reached without a public address.
 * A region that comes later adds a subnet and changes no other.
 */
import { ComputeNetwork } from '@cdktf/provider-google/lib/compute-network/index.js';
import { ComputeSubnetwork } from '@cdktf/provider-google/lib/compute-subnetwork/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NetworkConfig } from '../fleet-file/fleet-config.ts';

export interface FleetNetworkProps {
  readonly fleet: string;
  readonly network: NetworkConfig;
  readonly services: ITerraformDependable[];
}

/** Enough to see who talks to whom; every connection each five seconds costs ten times as much. */
const FLOW_LOGS = {
  aggregationInterval: 'INTERVAL_10_MIN',
  flowSampling: 0.5,
  metadata: 'INCLUDE_ALL_METADATA',
} as const;

export class FleetNetwork extends Construct {
  readonly network: ComputeNetwork;
  readonly #subnets: ReadonlyMap<string, ComputeSubnetwork>;

  constructor(scope: Construct, id: string, { fleet, network, services }: FleetNetworkProps) {
    super(scope, id);
    this.network = new ComputeNetwork(this, 'vpc', {
      name: fleet,
      autoCreateSubnetworks: false,
      routingMode: 'REGIONAL',
      dependsOn: services,
    });
    this.#subnets = new Map(
      network.subnets.map(({ region, range }) => [
        region,
        new ComputeSubnetwork(this, region, {
          name: `${fleet}-${region}`,
          network: this.network.id,
          region,
          ipCidrRange: range,
          privateIpGoogleAccess: true,
          ...(network.flowLogs ? { logConfig: FLOW_LOGS } : {}),
        }),
      ]),
    );
  }

  subnet(region: string): ComputeSubnetwork {
    const subnet = this.#subnets.get(region);
    if (subnet === undefined) throw new Error(`the fleet's network has no subnet in ${region}`);
    return subnet;
  }
}
