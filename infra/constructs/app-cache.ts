/**
 * Memorystore for the fleet's apps, reached from its hosts alone. Without a password unless the fleet asks for one: the
 * provider reads Google's back into Terraform's state, and it cannot be reached from outside the network.
 */
import { RedisInstance } from '@cdktf/provider-google/lib/redis-instance/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';

export interface AppCacheProps {
  readonly fleet: string;
  readonly memorystore: NonNullable<FleetConfig['memorystore']>;
  readonly network: string;
  readonly rangeName: string;
  readonly kmsKey: string | null;
  readonly protect: boolean;
  readonly after: ITerraformDependable[];
}

export class AppCache extends Construct {
  readonly instance: RedisInstance;

  constructor(
    scope: Construct,
    id: string,
    { fleet, memorystore, network, rangeName, kmsKey, protect, after }: AppCacheProps,
  ) {
    super(scope, id);
    this.instance = new RedisInstance(this, 'redis', {
      name: fleet,
      region: memorystore.region,
      tier: memorystore.tier,
      memorySizeGb: memorystore.memoryGb,
      redisVersion: 'REDIS_7_2',
      connectMode: 'PRIVATE_SERVICE_ACCESS',
      authorizedNetwork: network,
      reservedIpRange: rangeName,
      authEnabled: memorystore.auth,
      transitEncryptionMode: memorystore.tls ? 'SERVER_AUTHENTICATION' : 'DISABLED',
      ...(kmsKey === null ? {} : { customerManagedKey: kmsKey }),
      dependsOn: after,
      lifecycle: { preventDestroy: protect },
    });
  }
}
