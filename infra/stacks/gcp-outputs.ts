/** What a person is told after an apply. No secret: how to get one, instead. */
import { TerraformOutput, Token, type TerraformStack } from 'cdktf';
import type { AppCache } from '../constructs/app-cache.ts';
import { firstTokenCommand } from '../constructs/coordinator-secrets.ts';
import { registryPrefix } from '../constructs/fleet-manifest-text.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { coordinatorName, standbyName } from '../fleet-file/resource-names.ts';

export interface GcpOutputs {
  readonly fleet: FleetConfig;
  /** Null: reached from the fleet's network, or through IAP. */
  readonly publicAddress: string | null;
  /** Null: there is no standby, or it is not public. */
  readonly standbyAddress: string | null;
  /** By pool; null: not reached from outside. */
  readonly poolAddresses: ReadonlyMap<string, string | null>;
  /** Null: there is none. */
  readonly cache: AppCache | null;
  readonly secretPrefix: string;
}

export function addGcpOutputs(
  stack: TerraformStack,
  { fleet, publicAddress, standbyAddress, poolAddresses, cache, secretPrefix }: GcpOutputs,
): void {
  const { domain, internalAddress, zone, standby } = fleet.coordinator;
  const address = publicAddress ?? internalAddress;
  const second = standby === null ? null : (standbyAddress ?? standby.internalAddress);
  const urls = [domain ?? address, ...(second === null ? [] : [standby?.domain ?? second])];
  const tunnel = (machine: string, place: string, port: number): string =>
    `gcloud compute start-iap-tunnel ${machine} 443 --local-host-port=127.0.0.1:${port} --zone=${place} --project=${fleet.project}`;
  const outputs = {
    // As the command line takes it: two, where there is a standby.
    coordinator_url: urls.map((host) => `https://${host}`).join(','),
    coordinator_address: address,
    ...(second === null ? {} : { standby_address: second }),
    ...(publicAddress === null ? { coordinator_tunnel_command: tunnel(coordinatorName(fleet.name), zone, 8443) } : {}),
    ...(publicAddress === null && standby !== null
      ? { standby_tunnel_command: tunnel(standbyName(fleet.name), standby.zone, 8444) }
      : {}),
    pool_addresses: Object.fromEntries([...poolAddresses].filter(([, address]) => address !== null)),
    ...cacheOutputs(fleet, cache),
    ...(fleet.registry === null ? {} : { registry: registryPrefix(fleet.project, fleet.registry) }),
    first_token_command: firstTokenCommand(fleet.project, secretPrefix),
  };
  for (const [name, value] of Object.entries(outputs))
    new TerraformOutput(stack, `output-${name}`, { value }).overrideLogicalId(name);
}

/** The password of Memorystore is in no output: how to get it, instead. */
function cacheOutputs(
  { name, project, memorystore }: FleetConfig,
  cache: AppCache | null,
): Readonly<Record<string, string>> {
  if (memorystore === null || cache === null) return {};
  const at = `${name} --region=${memorystore.region} --project=${project}`;
  return {
    memorystore_address: `${cache.instance.host}:${Token.asString(cache.instance.port)}`,
    ...(memorystore.auth
      ? { memorystore_auth_command: `gcloud redis instances get-auth-string ${at} --format='value(authString)'` }
      : {}),
    ...(memorystore.tls
      ? { memorystore_ca_command: `gcloud redis instances describe ${at} --format='value(serverCaCerts[].cert)'` }
      : {}),
  };
}
