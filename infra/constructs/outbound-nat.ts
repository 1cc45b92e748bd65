/**
 * The way out for machines without a public address: per region a router and a NAT, with ports that grow with the need
 * of a machine (Docker pulls open many connections at once).
 */
import { ComputeRouter } from '@cdktf/provider-google/lib/compute-router/index.js';
import { ComputeRouterNat } from '@cdktf/provider-google/lib/compute-router-nat/index.js';
import { Construct } from 'constructs';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

export interface OutboundNatProps {
  readonly fleet: string;
  readonly network: string;
  readonly regions: readonly string[];
}

export class OutboundNat extends Construct {
  readonly #nats: ReadonlyMap<string, ComputeRouterNat>;

  constructor(scope: Construct, id: string, { fleet, network, regions }: OutboundNatProps) {
    super(scope, id);
    this.#nats = new Map(
      regions.map((region) => {
        const router = new ComputeRouter(this, `${region}-router`, { name: `${fleet}-${region}`, network, region });
        const nat = new ComputeRouterNat(this, region, {
          name: `${fleet}-${region}`,
          router: router.name,
          region,
          natIpAllocateOption: 'AUTO_ONLY',
          sourceSubnetworkIpRangesToNat: 'ALL_SUBNETWORKS_ALL_IP_RANGES',
          enableDynamicPortAllocation: true,
          // Google takes dynamic ports only without it.
          enableEndpointIndependentMapping: false,
          minPortsPerVm: 64,
          maxPortsPerVm: 8_192,
          logConfig: { enable: true, filter: 'ERRORS_ONLY' },
        });
        return [region, nat];
      }),
    );
  }

  /** Of the region, where it has one. */
  in(region: string): ComputeRouterNat[] {
    const nat = this.#nats.get(region);
    return nat === undefined ? [] : [nat];
  }
}

/** Regions with machines that have no public address, in the order of the file. */
export function regionsBehindNat({
  pools,
  coordinator,
}: Pick<FleetConfig, 'pools' | 'coordinator'>): readonly string[] {
  const regions = pools.filter((pool) => !pool.publicAddress).map((pool) => pool.region);
  return [...new Set([...regions, ...(coordinator.isPublic ? [] : [coordinator.region])])];
}
