/** How Google treats a machine in maintenance, and when it wants a Spot machine back. Pure. */
import type { PoolConfig } from '../fleet-file/fleet-config.ts';

export interface Scheduling {
  readonly automaticRestart: boolean;
  readonly onHostMaintenance: string;
  readonly preemptible: boolean;
  readonly provisioningModel: string;
  readonly instanceTerminationAction?: string;
}

export function schedulingOf({ spot, kind }: Pick<PoolConfig, 'spot' | 'kind'>): Scheduling {
  if (!spot)
    return {
      automaticRestart: true,
      onHostMaintenance: 'MIGRATE',
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
