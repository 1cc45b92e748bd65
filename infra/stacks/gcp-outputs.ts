/** What a person is told after an apply. No secret: how to get one, instead. */
import { TerraformOutput, type TerraformStack } from 'cdktf';
import { firstTokenCommand } from '../constructs/coordinator-secrets.ts';
import { registryPrefix } from '../constructs/fleet-manifest-text.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

export interface GcpOutputs {
  readonly fleet: FleetConfig;
  /** Null: reached from the fleet's network, or through IAP. */
  readonly publicAddress: string | null;
  /** By pool; null: not reached from outside. */
  readonly poolAddresses: ReadonlyMap<string, string | null>;
  readonly secretPrefix: string;
}

export function addGcpOutputs(
  stack: TerraformStack,
  { fleet, publicAddress, poolAddresses, secretPrefix }: GcpOutputs,
): void {
  const { domain, internalAddress, zone } = fleet.coordinator;
  const address = publicAddress ?? internalAddress;
  const outputs = {
    coordinator_url: `https://${domain ?? address}`,
    coordinator_address: address,
    ...(publicAddress === null
      ? {
          coordinator_tunnel_command: `gcloud compute start-iap-tunnel ${fleet.name}-coordinator 443 --local-host-port=127.0.0.1:8443 --zone=${zone} --project=${fleet.project}`,
        }
      : {}),
    pool_addresses: Object.fromEntries([...poolAddresses].filter(([, address]) => address !== null)),
    ...(fleet.registry === null ? {} : { registry: registryPrefix(fleet.project, fleet.registry) }),
    first_token_command: firstTokenCommand(fleet.project, secretPrefix),
  };
  for (const [name, value] of Object.entries(outputs))
    new TerraformOutput(stack, `output-${name}`, { value }).overrideLogicalId(name);
}
