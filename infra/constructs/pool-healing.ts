/**
 * What a group asks before it replaces a machine: only whether the ingress' process lives, for five minutes. Whether apps
 * are well is for the coordinator to judge; a machine replaced because of an app would be replaced for ever.
 */
import { ComputeHealthCheck } from '@cdktf/provider-google/lib/compute-health-check/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { HEALTH_PORT } from './machine-metadata.ts';

export interface PoolHealingProps {
  readonly fleet: string;
  readonly pool: string;
  readonly services: ITerraformDependable[];
}

export class PoolHealing extends Construct {
  readonly check: ComputeHealthCheck;

  constructor(scope: Construct, id: string, { fleet, pool, services }: PoolHealingProps) {
    super(scope, id);
    this.check = new ComputeHealthCheck(this, 'alive', {
      name: `${fleet}-${pool}-alive`,
      checkIntervalSec: 30,
      timeoutSec: 10,
      healthyThreshold: 1,
      unhealthyThreshold: 10,
      httpHealthCheck: { port: HEALTH_PORT, requestPath: '/.longshore/alive' },
      lifecycle: AFTER_ITS_USERS,
      dependsOn: services,
    });
  }
}
