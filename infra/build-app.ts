/** The CDKTF app of a fleet: one stack or both. What it is built from was checked before; nothing is read here. */
import { App } from 'cdktf';
import type { FleetConfig } from './fleet-file/fleet-config.ts';
import type { InfraEnvironment } from './environment.ts';
import type { Programs } from './programs.ts';
import { addGcpBackend, statePath } from './state-backend.ts';
import { GcpStack } from './stacks/gcp-stack.ts';
import { LocalStack } from './stacks/local-stack.ts';

export interface AppParts {
  readonly fleet: FleetConfig;
  /** Where stacks are written; absolute. */
  readonly outputFolder: string;
  /** Folder of the local state files; absolute. */
  readonly stateFolder: string;
  /** Null: this stack is left out. */
  readonly gcp: { readonly environment: InfraEnvironment; readonly programs: Programs } | null;
  readonly local: {
    /** Made by scripts/programs-image; absolute. */
    readonly programsFolder: string;
    readonly engineSocket: string;
  } | null;
}

export function buildApp({ fleet, outputFolder, stateFolder, gcp, local }: AppParts): App {
  const app = new App({ outdir: outputFolder });
  if (gcp !== null) {
    const stack = new GcpStack(app, 'gcp', { fleet, ...gcp });
    addGcpBackend(stack, fleet.state, gcp.environment, statePath(stateFolder, fleet.name, 'gcp'));
  }
  if (local !== null)
    new LocalStack(app, 'local', {
      fleet: fleet.name,
      local: fleet.local,
      ...local,
      statePath: statePath(stateFolder, fleet.name, 'local'),
    });
  return app;
}
