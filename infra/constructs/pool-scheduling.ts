/** How Google treats a machine in maintenance, and when it wants a Spot machine back. Pure. */
import type { PoolConfig } from '../fleet-file/fleet-config.ts';
import { livesThroughMaintenance } from '../fleet-file/machine-family.ts';

export interface Scheduling {
  readonly automaticRestart: boolean;
  readonly onHostMaintenance: string;
  readonly preemptible: boolean;
  readonly provisioningModel: string;
  readonly instanceTerminationAction?: string;
}

export function schedulingOf({ spot, kind, machine }: Pick<PoolConfig, 'spot' | 'kind' | 'machine'>): Scheduling {
  if (!spot)
    return {
      automaticRestart: true,
      onHostMaintenance: maintenanceOf(machine),
      preemptible: false,
      provisioningModel: 'STANDARD',
    };
  return {
    automaticRestart: false,
    onHostMaintenance: 'TERMINATE',
    preemptible: true,
    provisioningModel: 'SPOT',
    // A group makes a machine anew; one of its own is stopped, so that its disk and name stay.
    instanceTerminationAction: kind === 'group' ? 'DELETE' : 'STOP',
  };
}

/** Google refuses to make a machine that is to migrate and cannot. */
export function maintenanceOf(machine: string): 'MIGRATE' | 'TERMINATE' {
  return livesThroughMaintenance(machine) ? 'MIGRATE' : 'TERMINATE';
}
