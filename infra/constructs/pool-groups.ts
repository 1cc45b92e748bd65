/**
 * A pool's managed instance groups, one per zone: a further zone adds a group and moves no other. A new template rolls
 * no machine by itself (OPPORTUNISTIC); disks with named volumes stay with their machine, and are never deleted.
 */
import { ComputeInstanceGroupManager } from '@cdktf/provider-google/lib/compute-instance-group-manager/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { PoolConfig } from '../fleet-file/fleet-config.ts';
import { groupName } from '../fleet-file/resource-names.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { VOLUMES_DEVICE } from './volumes-disk.ts';

export interface PoolGroupsProps {
  readonly fleet: string;
  readonly pool: PoolConfig;
  readonly template: string;
  /** Null: a machine that does not answer stays. */
  readonly healthCheck: string | null;
  readonly after: ITerraformDependable[];
}

/** A first boot installs Docker; until then a machine that does not answer is no sick one. */
const HEAL_FIRST_SECONDS = 900;

export class PoolGroups extends Construct {
  /** Instance groups, as balancers take them. */
  readonly groups: readonly string[];

  constructor(scope: Construct, id: string, { fleet, pool, template, healthCheck, after }: PoolGroupsProps) {
    super(scope, id);
    const stateful = pool.volumesDiskGb !== null;
    this.groups = pool.zones.map(({ zone, count }) => {
      const name = groupName(fleet, pool.name, zone);
      const group = new ComputeInstanceGroupManager(this, zone, {
        name,
        baseInstanceName: name,
        zone,
        targetSize: count,
        version: [{ instanceTemplate: template }],
        namedPort: [{ name: 'http', port: 80 }],
        updatePolicy: {
          type: 'OPPORTUNISTIC',
          minimalAction: 'REPLACE',
          // A disk that stays cannot be at two machines at once.
          replacementMethod: stateful ? 'RECREATE' : 'SUBSTITUTE',
          maxSurgeFixed: stateful ? 0 : 1,
          maxUnavailableFixed: 1,
        },
        ...(stateful ? { statefulDisk: [{ deviceName: VOLUMES_DEVICE, deleteRule: 'NEVER' }] } : {}),
        ...(healthCheck === null ? {} : { autoHealingPolicies: { healthCheck, initialDelaySec: HEAL_FIRST_SECONDS } }),
        waitForInstances: false,
        lifecycle: AFTER_ITS_USERS,
        dependsOn: after,
      });
      return group.instanceGroup;
    });
  }
}
