/** What Terraform tells the coordinator about the fleet: the text of `fleet.json`. Pure. */
import type { FleetManifest } from '../../fleet/fleet-manifest.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

export interface ManifestFacts {
  /** As Google writes it in identity tokens; known to Terraform only once something was made. */
  readonly projectNumber: string;
  readonly accountOf: (pool: string) => string;
}

export function fleetManifest(fleet: FleetConfig, { projectNumber, accountOf }: ManifestFacts): FleetManifest {
  return {
    version: 1,
    fleet: fleet.name,
    project: fleet.project,
    projectNumber,
    pools: fleet.pools.map(({ name, labels, zones }) => ({
      name,
      serviceAccount: accountOf(name),
      labels,
      zones: zones.map(({ zone }) => zone),
    })),
    registry: fleet.registry === null ? null : { prefix: registryPrefix(fleet.project, fleet.registry) },
  };
}

/** What images of the fleet's own registry begin with. */
export function registryPrefix(
  project: string,
  { location, repository }: { readonly location: string; readonly repository: string },
): string {
  return `${location}-docker.pkg.dev/${project}/${repository}`;
}
