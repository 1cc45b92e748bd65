/**
 * `fleet.yaml` as the constructs see it: resolved (every default filled in, every zone with its region), checked whole,
 * and readonly. Made only by the reader of this folder; a construct never checks it again.
 */

export type Architecture = 'x64' | 'arm64';

/** Who may log in over SSH: nobody; people through IAP and OS Login; holders of the given key through IAP. */
export type SshAccess = 'none' | 'iap' | 'keys';

export interface FleetConfig {
  /** First part of every resource's name: at most 20 characters of a-z, 0-9 and -. */
  readonly name: string;
  readonly project: string;
  /** Of the coordinator, the registry and of pools that name none. */
  readonly region: string;
  /** Null: a local file beside plan.sh. */
  readonly state: { readonly bucket: string; readonly prefix: string } | null;
  /** On every resource that takes labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Keeps what holds data from being destroyed. */
  readonly protect: boolean;
  /** Key of Cloud KMS, by its whole name; null: Google's own keys. */
  readonly kmsKey: string | null;
  /** Of the disks with named volumes. */
  readonly snapshots: SnapshotConfig;
  readonly network: NetworkConfig;
  readonly coordinator: CoordinatorMachine;
  readonly pools: readonly PoolConfig[];
  /** Image of Caddy on hosts; null: they take the usual one. */
  readonly ingressImage: string | null;
  /** Artifact Registry; null: images come from elsewhere. */
  readonly registry: { readonly location: string; readonly repository: string; readonly untaggedDays: number } | null;
  readonly memorystore: {
    readonly region: string;
    readonly memoryGb: number;
    readonly tier: 'BASIC' | 'STANDARD_HA';
    /** Connections are encrypted, with an authority of the instance's own. */
    readonly tls: boolean;
    /** Apps need a password, which Terraform's provider writes into the state. */
    readonly auth: boolean;
  } | null;
  readonly monitoring: MonitoringConfig | null;
  readonly local: LocalConfig;
}

export interface SnapshotConfig {
  /** 24: daily. */
  readonly everyHours: number;
  /** Full hour in UTC, as 03:00. */
  readonly startTime: string;
  readonly days: number;
  /** Region or multi-region; null: the disk's own region. */
  readonly location: string | null;
}

export interface NetworkConfig {
  /** IPv4 range of the whole network, /16 to /20; each region's subnet is cut out of it. */
  readonly range: string;
  readonly flowLogs: boolean;
  /** Region -> its subnet's range, cut out in the order of `regions`; a further region never moves an earlier one. */
  readonly subnets: readonly { readonly region: string; readonly range: string }[];
}

export interface CoordinatorMachine {
  readonly zone: string;
  readonly region: string;
  readonly machine: string;
  readonly bootDiskGb: number;
  readonly dataDiskGb: number;
  /** Of both its disks: follows from the machine's family. */
  readonly diskType: string;
  /** Static internal address, inside the subnet of its region: what agents dial. */
  readonly internalAddress: string;
  /** Name under which people reach it (ACME); null: the address, with the coordinator's own root. */
  readonly domain: string | null;
  /** Cloud DNS managed zone that gets the A record; null: a person makes it. */
  readonly dnsZone: string | null;
  readonly acmeEmail: string | null;
  /** Snapshot that its data disk is made from; null: it began empty. */
  readonly dataSnapshot: string | null;
  readonly snapshots: SnapshotConfig;
  readonly ssh: SshAccess;
  /** False: no public address; reached from the fleet's network, from `allowFrom`, and through IAP. */
  readonly isPublic: boolean;
  /** IPv4 ranges that reach 443 beside the fleet's own machines; null: everywhere, or nowhere if it is not public. */
  readonly allowFrom: readonly string[] | null;
  /** A second machine that takes over; null: there is one coordinator. */
  readonly standby: StandbyMachine | null;
  /** Null: SQLite on the data disk. */
  readonly cloudSql: { readonly tier: string; readonly highAvailability: boolean; readonly diskGb: number } | null;
}

/** Of the standby: certificates, and what a coordinator writes beside its database. */
export const STANDBY_DISK_GB = 10;

/** As the coordinator's, in the same region: what is its own. */
export interface StandbyMachine {
  readonly zone: string;
  /** Static, as the coordinator's: agents dial both. */
  readonly internalAddress: string;
  /** Null: people reach it at its address, with its own root. */
  readonly domain: string | null;
}

export interface PoolConfig {
  readonly name: string;
  readonly region: string;
  /** One group (or set of single instances) each; sizes from `splitSizes`. */
  readonly zones: readonly { readonly zone: string; readonly count: number }[];
  readonly count: number;
  /** `group`: zonal managed instance groups. `single`: instances of their own, named by number. */
  readonly kind: 'group' | 'single';
  readonly machine: string;
  readonly architecture: Architecture;
  readonly spot: boolean;
  readonly diskGb: number;
  readonly diskType: string;
  /** The hosts' labels in Longshore (they select apps), not Google's. They reach the coordinator at run time. */
  readonly labels: Readonly<Record<string, string>>;
  readonly ssh: SshAccess;
  /** Whether each machine gets a public address of its own; without, it goes out through Cloud NAT. */
  readonly publicAddress: boolean;
  readonly ingress: PoolIngress;
  /** Who reaches further ports of its machines. */
  readonly allow: readonly PoolOpening[];
  readonly autohealing: boolean;
  /** Stateful disk for named volumes, never deleted. */
  readonly volumesDiskGb: number | null;
  /** Of single instances: `ZONE-NUMBER` -> snapshot that the disk for its volumes is made from. */
  readonly volumesSnapshots: Readonly<Record<string, string>>;
  /** Whether containers may reach the metadata server. */
  readonly metadataAccess: boolean;
}

export interface PoolOpening {
  /** A pool of the fleet, or an IPv4 range. */
  readonly from: { readonly pool: string } | { readonly range: string };
  /** TCP: a port, or `FIRST-LAST`. */
  readonly ports: readonly string[];
}

export type PoolIngress =
  | { readonly kind: 'none' }
  /** One machine with a reserved address. */
  | { readonly kind: 'address' }
  /** Passthrough balancer with a reserved address. */
  | { readonly kind: 'network-lb' }
  /** Google's global balancer with a managed certificate for each name. */
  | {
      readonly kind: 'https-lb';
      readonly domains: readonly string[];
      /** Names on one certificate together, which is served beside the others; null: there is none. */
      readonly formerDomains: readonly string[] | null;
    };

export interface MonitoringConfig {
  readonly uptimeCheck: boolean;
  readonly alertEmail: string | null;
  /** Days that machines' consoles and Google's notes are kept in a bucket of their own; null: no sink. */
  readonly logSinkDays: number | null;
}

export interface LocalConfig {
  readonly hosts: number;
  readonly coordinatorPort: number;
  readonly registryPort: number;
  /** Ports of the first host's ingress; the next hosts take the ones that follow. */
  readonly ingressPort: number;
}
