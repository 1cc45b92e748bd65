/**
 * Where Terraform keeps the state of a stack: a file beside `plan.sh`, or a bucket of Google's. Paths are absolute, since
 * a saved plan is applied from another folder than the configuration's.
 */
import { GcsBackend, LocalBackend, type TerraformStack } from 'cdktf';
import type { FleetConfig } from './fleet-file/fleet-config.ts';
import type { InfraEnvironment } from './environment.ts';
import type { StackName } from './stack-name.ts';

/** Two fleets in one folder never share a state: a plan for one would destroy the other. */
export function statePath(folder: string, fleet: string, stack: StackName): string {
  return `${folder}/${fleet}.${stack}.tfstate`;
}

export interface GcsBackendSettings {
  readonly bucket: string;
  readonly prefix: string;
  readonly credentials?: string;
  readonly impersonate_service_account?: string;
}

/** As Terraform writes them. */
export function gcpBackendSettings(
  { bucket, prefix }: NonNullable<FleetConfig['state']>,
  { credentials, impersonate }: InfraEnvironment,
): GcsBackendSettings {
  return {
    bucket,
    ...(credentials.kind === 'file' ? { credentials: credentials.path } : {}),
    ...(impersonate === null ? {} : { impersonate_service_account: impersonate }),
    prefix,
  };
}

export function addGcpBackend(
  stack: TerraformStack,
  state: FleetConfig['state'],
  environment: InfraEnvironment,
  path: string,
): void {
  if (state === null) {
    new LocalBackend(stack, { path });
    return;
  }
  const { bucket, prefix, credentials, impersonate_service_account: account } = gcpBackendSettings(state, environment);
  new GcsBackend(stack, {
    bucket,
    prefix,
    ...(credentials === undefined ? {} : { credentials }),
    ...(account === undefined ? {} : { impersonateServiceAccount: account }),
  });
}
