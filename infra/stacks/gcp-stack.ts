/**
 * The fleet on Google Cloud. Here stands only what hangs on what; each part is a construct with one idea. No data
 * source is read, no secret gets into the state, and machines are made once the way out, the rules, the roles and the
 * programs are there.
 */
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { TerraformStack, type ITerraformDependable, type TerraformElement } from 'cdktf';
import type { Construct, Node } from 'constructs';
import { BucketAccess } from '../constructs/bucket-access.ts';
import { CoordinatorAddresses } from '../constructs/coordinator-addresses.ts';
import { CoordinatorDatabase } from '../constructs/coordinator-database.ts';
import { CoordinatorDisk } from '../constructs/coordinator-disk.ts';
import { CoordinatorInstance } from '../constructs/coordinator-instance.ts';
import { CoordinatorSecrets } from '../constructs/coordinator-secrets.ts';
import { CoordinatorStandby } from '../constructs/coordinator-standby.ts';
import { EnabledServices } from '../constructs/enabled-services.ts';
import { firewallRules } from '../constructs/firewall-rules.ts';
import { FleetFirewall } from '../constructs/fleet-firewall.ts';
import { FleetNetwork } from '../constructs/fleet-network.ts';
import { FleetRecord } from '../constructs/fleet-record.ts';
import { ImageRegistry } from '../constructs/image-registry.ts';
import { MachineAccount } from '../constructs/machine-account.ts';
import {
  agentMetadata,
  coordinatorAddresses,
  coordinatorMetadata,
  standbyMetadata,
} from '../constructs/machine-metadata.ts';
import { MachinePool } from '../constructs/machine-pool.ts';
import { neededServices } from '../constructs/needed-services.ts';
import { OutboundNat, regionsBehindNat } from '../constructs/outbound-nat.ts';
import { PrivateServices } from '../constructs/private-services.ts';
import { ProgramsBucket } from '../constructs/programs-bucket.ts';
import { StartupText } from '../constructs/startup-text.ts';
import type { InfraEnvironment } from '../environment.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { bucketName, coordinatorAccountId, coordinatorName, poolAccountId } from '../fleet-file/resource-names.ts';
import type { Programs } from '../programs.ts';
import { addAddOns } from './gcp-add-ons.ts';
import { addGcpOutputs } from './gcp-outputs.ts';
import { addGoogleProvider } from './gcp-provider.ts';

export interface GcpStackOptions {
  readonly fleet: FleetConfig;
  readonly environment: InfraEnvironment;
  readonly programs: Programs;
}

export class GcpStack extends TerraformStack {
  constructor(scope: Construct, id: string, { fleet, environment, programs }: GcpStackOptions) {
    super(scope, id);
    addGoogleProvider(this, fleet, environment);
    const services = new EnabledServices(this, 'service', neededServices(fleet)).all;

    const accounts = this.#accounts(fleet, services);
    const accountOf = (target: string): MachineAccount => {
      const account = accounts.get(target);
      if (account === undefined) throw new Error(`the fleet has no machines called ${target}`);
      return account;
    };
    const coordinator = accountOf(COORDINATOR);

    const network = new FleetNetwork(this, 'network', { fleet: fleet.name, network: fleet.network, services });
    const firewall = new FleetFirewall(this, 'firewall', {
      fleet: fleet.name,
      network: network.network.id,
      rules: firewallRules(fleet),
      accountOf: (target) => accountOf(target).email,
    });
    const nat = new OutboundNat(this, 'nat', {
      fleet: fleet.name,
      network: network.network.id,
      regions: regionsBehindNat(fleet),
    });

    const { bucket, objects } = new ProgramsBucket(this, 'programs', {
      name: bucketName(fleet.project, fleet.name),
      location: fleet.region,
      programs,
      ingressImage: fleet.ingressImage,
      coordinators: coordinatorAddresses(fleet),
      kmsKey: fleet.kmsKey,
      protect: fleet.protect,
      services,
    });
    const manifest = new FleetRecord(this, 'record', { fleet, bucket, accountOf: (pool) => accountOf(pool).email });
    const registry =
      fleet.registry === null
        ? null
        : new ImageRegistry(this, 'registry', {
            ...fleet.registry,
            readers: fleet.pools.map(({ name }) => ({ pool: name, member: accountOf(name).member })),
            keeper: coordinator.member,
            kmsKey: fleet.kmsKey,
            protect: fleet.protect,
            services,
          });

    const startup = new StartupText(this, 'startup');
    const addresses = new CoordinatorAddresses(this, 'coordinator-address', {
      name: coordinatorName(fleet.name),
      machine: fleet.coordinator,
      subnet: network.subnet(fleet.coordinator.region).id,
      services,
    });
    const { disk } = new CoordinatorDisk(this, 'coordinator-disk', {
      fleet: fleet.name,
      machine: fleet.coordinator,
      labels: fleet.labels,
      kmsKey: fleet.kmsKey,
      protect: fleet.protect,
      services,
    });
    const secretPrefix = `${fleet.name}-longshore`;
    const secrets = new CoordinatorSecrets(this, 'secret', {
      prefix: secretPrefix,
      member: coordinator.member,
      withDatabase: fleet.coordinator.cloudSql !== null,
      protect: fleet.protect,
      services,
    });
    const sight = new ProjectIamMember(this, 'coordinator-sees-machines', {
      project: fleet.project,
      role: 'roles/compute.viewer',
      member: coordinator.member,
      dependsOn: services,
    });
    const managed =
      fleet.coordinator.cloudSql === null && fleet.memorystore === null
        ? null
        : new PrivateServices(this, 'managed', {
            fleet: fleet.name,
            network: network.network.id,
            range: fleet.network.range,
            services,
          });
    const database =
      managed === null || fleet.coordinator.cloudSql === null
        ? null
        : new CoordinatorDatabase(this, 'database', {
            fleet: fleet.name,
            project: fleet.project,
            region: fleet.coordinator.region,
            sql: fleet.coordinator.cloudSql,
            network: network.network.id,
            member: coordinator.member,
            kmsKey: fleet.kmsKey,
            protect: fleet.protect,
            services,
            after: [managed.connection],
          });
    const publicAddress = addresses.public?.address ?? null;
    const needed = [
      ...(publicAddress === null ? nat.in(fleet.coordinator.region) : []),
      ...firewall.of(COORDINATOR),
      ...objects,
      manifest.object,
      ...new BucketAccess(this, 'bucket-access-coordinator', {
        bucket,
        member: coordinator.member,
        role: 'coordinator',
      }).members,
      ...secrets.members,
      ...(registry === null ? [] : [registry.keeper]),
      ...(database?.ready ?? []),
      sight,
    ];
    const metadataFacts = {
      startupScript: startup.of('coordinator'),
      bucket: bucket.name,
      publicKey: environment.publicKey,
      secretPrefix,
      // Known by what stands in the state, so that no machine gets the name of an instance that is not there yet.
      database: database?.instance.name ?? null,
    };
    new CoordinatorInstance(this, 'coordinator', {
      fleet: fleet.name,
      name: coordinatorName(fleet.name),
      machine: fleet.coordinator,
      subnet: network.subnet(fleet.coordinator.region).id,
      internalAddress: addresses.internal.address,
      publicAddress,
      dataDisk: disk.selfLink,
      kmsKey: fleet.kmsKey,
      account: coordinator.email,
      metadata: coordinatorMetadata(fleet, { ...metadataFacts, publicAddress }),
      after: needed,
    });
    const standby =
      fleet.coordinator.standby === null
        ? null
        : new CoordinatorStandby(this, 'standby', {
            fleet,
            standby: fleet.coordinator.standby,
            subnet: network.subnet(fleet.coordinator.region).id,
            account: coordinator.email,
            metadata: (address) => standbyMetadata(fleet, { ...metadataFacts, publicAddress: address }),
            services,
            after: needed,
          });

    const poolAddresses = new Map(
      fleet.pools.map((pool) => {
        const account = accountOf(pool.name);
        const access = new BucketAccess(this, `bucket-access-${pool.name}`, {
          bucket,
          member: account.member,
          role: 'host',
        });
        const { address } = new MachinePool(this, `pool-${pool.name}`, {
          fleet,
          pool,
          subnet: network.subnet(pool.region).id,
          account: account.email,
          metadata: agentMetadata(fleet, pool, {
            startupScript: startup.of('agent'),
            bucket: bucket.name,
            publicKey: environment.publicKey,
          }),
          services,
          after: [
            ...nat.in(pool.region),
            ...firewall.of(pool.name),
            ...objects,
            ...access.members,
            ...(registry?.readerOf(pool.name) ?? []),
          ],
        });
        return [pool.name, address];
      }),
    );

    const { cache } = addAddOns(this, fleet, {
      network,
      services,
      managed,
      publicAddress,
      standbyAddress: standby?.publicAddress ?? null,
    });
    addGcpOutputs(this, {
      fleet,
      publicAddress,
      standbyAddress: standby?.publicAddress ?? null,
      poolAddresses,
      cache,
      secretPrefix,
    });
  }

  /**
   * `google_..._pool-web_group_europe-west1-b` instead of a name with a hash: it is what a person reads in a plan. Ids
   * hold no `_`, so that two paths never meet in one name.
   */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = 'path' in element ? element : element.node;
    return node.scopes
      .slice(node.scopes.indexOf(this) + 1)
      .map(({ node: { id } }) => id)
      .join('_');
  }

  #accounts(fleet: FleetConfig, services: ITerraformDependable[]): ReadonlyMap<string, MachineAccount> {
    const account = (target: string, accountId: string, displayName: string): readonly [string, MachineAccount] => [
      target,
      new MachineAccount(this, `account-${target}`, { accountId, displayName, services }),
    ];
    return new Map([
      account(COORDINATOR, coordinatorAccountId(fleet.name), `Longshore ${fleet.name}: coordinator`),
      ...fleet.pools.map(({ name }) =>
        account(name, poolAccountId(fleet.name, name), `Longshore ${fleet.name}: ${name}`),
      ),
    ]);
  }
}

const COORDINATOR = 'coordinator';
