/**
 * A passthrough balancer before a pool: TCP 80 and 443 of one reserved address, spread over the machines that are
 * ready. TLS ends at the machines.
 */
import { ComputeAddress } from '@cdktf/provider-google/lib/compute-address/index.js';
import { ComputeForwardingRule } from '@cdktf/provider-google/lib/compute-forwarding-rule/index.js';
import { ComputeRegionBackendService } from '@cdktf/provider-google/lib/compute-region-backend-service/index.js';
import { ComputeRegionHealthCheck } from '@cdktf/provider-google/lib/compute-region-health-check/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { BALANCER_PROBE, DRAINING_SECONDS } from './balancer-probe.ts';

export interface NetworkBalancerProps {
  /** Fleet and pool, as all its parts are named. */
  readonly name: string;
  readonly region: string;
  readonly groups: readonly string[];
  readonly services: ITerraformDependable[];
}

export class NetworkBalancer extends Construct {
  readonly address: string;

  constructor(scope: Construct, id: string, { name, region, groups, services }: NetworkBalancerProps) {
    super(scope, id);
    const address = new ComputeAddress(this, 'address', {
      // Not the name of a single machine's, which may be there still when this one is made.
      name: `${name}-balancer`,
      region,
      addressType: 'EXTERNAL',
      networkTier: 'PREMIUM',
      dependsOn: services,
    });
    const probe = new ComputeRegionHealthCheck(this, 'probe', {
      name: `${name}-ready`,
      region,
      ...BALANCER_PROBE,
      dependsOn: services,
    });
    const backend = new ComputeRegionBackendService(this, 'backend', {
      name,
      region,
      loadBalancingScheme: 'EXTERNAL',
      protocol: 'TCP',
      healthChecks: [probe.id],
      connectionDrainingTimeoutSec: DRAINING_SECONDS,
      backend: groups.map((group) => ({ group, balancingMode: 'CONNECTION' })),
    });
    new ComputeForwardingRule(this, 'rule', {
      name,
      region,
      ipAddress: address.id,
      ipProtocol: 'TCP',
      ports: ['80', '443'],
      loadBalancingScheme: 'EXTERNAL',
      networkTier: 'PREMIUM',
      backendService: backend.id,
    });
    this.address = address.address;
  }
}
