/** One pool of hosts: its machines, in groups or singly, and what stands before them. */
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { FleetConfig, PoolConfig } from '../fleet-file/fleet-config.ts';
import { volumesScheduleName } from '../fleet-file/resource-names.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import type { Metadata } from './machine-metadata.ts';
import { NetworkBalancer } from './network-balancer.ts';
import { PoolGroups } from './pool-groups.ts';
import { PoolHealing } from './pool-healing.ts';
import { PoolTemplate } from './pool-template.ts';
import { SingleGroups } from './single-groups.ts';
import { SingleMachines } from './single-machines.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';
import { WebBalancer } from './web-balancer.ts';

export interface MachinePoolProps {
  readonly fleet: FleetConfig;
  readonly pool: PoolConfig;
  readonly subnet: string;
  readonly account: string;
  readonly metadata: Metadata;
  readonly services: ITerraformDependable[];
  /** What a machine's first boot needs: the way out, rules, roles, objects. */
  readonly after: ITerraformDependable[];
}

export class MachinePool extends Construct {
  /** Where its apps are reached; null: nowhere from outside. */
  readonly address: string | null;

  constructor(scope: Construct, id: string, props: MachinePoolProps) {
    super(scope, id);
    const schedule = this.#schedule(props);
    this.address = props.pool.kind === 'group' ? this.#asGroups(props, schedule) : this.#asSingles(props, schedule);
  }

  #schedule({ fleet, pool, services }: MachinePoolProps): string | null {
    if (pool.volumesDiskGb === null) return null;
    const { snapshots, labels } = fleet;
    const { policy } = new SnapshotSchedule(this, 'snapshots', {
      name: volumesScheduleName(fleet, pool.name),
      region: pool.region,
      snapshots,
      labels: { ...labels, longshore_pool: pool.name },
      services,
    });
    policy.lifecycle = AFTER_ITS_USERS;
    return policy.name;
  }

  #asGroups(
    { fleet, pool, subnet, account, metadata, services, after }: MachinePoolProps,
    schedule: string | null,
  ): string | null {
    const { template } = new PoolTemplate(this, 'of', {
      fleet: fleet.name,
      pool,
      labels: fleet.labels,
      subnet,
      kmsKey: fleet.kmsKey,
      account,
      metadata,
      schedule,
      services,
    });
    const healthCheck = pool.autohealing
      ? new PoolHealing(this, 'healing', { fleet: fleet.name, pool: pool.name, services }).check.id
      : null;
    const { groups } = new PoolGroups(this, 'group', {
      fleet: fleet.name,
      pool,
      // With the template's own number: a name could come back with another content.
      template: template.selfLinkUnique,
      healthCheck,
      after,
    });
    return this.#before(fleet, pool, groups, services);
  }

  #asSingles(
    { fleet, pool, subnet, account, metadata, services, after }: MachinePoolProps,
    schedule: string | null,
  ): string | null {
    const { address, machines } = new SingleMachines(this, 'single', {
      fleet: fleet.name,
      pool,
      subnet,
      kmsKey: fleet.kmsKey,
      account,
      metadata,
      schedule,
      protect: fleet.protect,
      services,
      after,
    });
    if (pool.ingress.kind === 'none' || pool.ingress.kind === 'address') return address;
    const { groups } = new SingleGroups(this, 'group', {
      name: `${fleet.name}-${pool.name}`,
      zones: pool.zones.map(({ zone }) => zone),
      machines,
    });
    return this.#before(fleet, pool, groups, services);
  }

  #before(
    fleet: FleetConfig,
    pool: PoolConfig,
    groups: readonly string[],
    services: ITerraformDependable[],
  ): string | null {
    const name = `${fleet.name}-${pool.name}`;
    switch (pool.ingress.kind) {
      case 'none':
      case 'address':
        return null;
      case 'network-lb':
        return new NetworkBalancer(this, 'balancer', { name, region: pool.region, groups, services }).address;
      case 'https-lb':
        return new WebBalancer(this, 'web', {
          name,
          domains: pool.ingress.domains,
          formerDomains: pool.ingress.formerDomains,
          groups,
          services,
        }).address;
    }
  }
}
