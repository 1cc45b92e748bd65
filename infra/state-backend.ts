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
  const { credentials, impersonate } = environment;
  new GcsBackend(stack, {
    bucket: state.bucket,
    prefix: state.prefix,
    ...(credentials.kind === 'file' ? { credentials: credentials.path } : {}),
    ...(impersonate === null ? {} : { impersonateServiceAccount: impersonate }),
  });
}
