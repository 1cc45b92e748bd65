/**
 * Google's provider for a fleet: project, labels of everything, and credentials by path, never by content. One
 * configuration is valid on the provider from 6.50 (the binding's) to 8.
 */
import { GoogleProvider } from '@cdktf/provider-google/lib/provider/index.js';
import type { TerraformStack } from 'cdktf';
import type { InfraEnvironment } from '../environment.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

export const GOOGLE_VERSIONS = '>= 6.50.0, < 9.0.0';

export function addGoogleProvider(stack: TerraformStack, fleet: FleetConfig, environment: InfraEnvironment): void {
  const { credentials, impersonate } = environment;
  new GoogleProvider(stack, 'google', {
    project: fleet.project,
    region: fleet.region,
    ...(credentials.kind === 'file' ? { credentials: credentials.path } : {}),
    ...(impersonate === null ? {} : { impersonateServiceAccount: impersonate }),
    defaultLabels: { ...fleet.labels, longshore_fleet: fleet.name },
  });
  stack.addOverride('terraform.required_providers.google.version', GOOGLE_VERSIONS);
}
