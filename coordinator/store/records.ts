/** What the store keeps and takes, as data. Times are wall clock in ms; hashes of tokens are sha256 in hex. */
import type { Deployment } from '../../fleet/deployment.ts';
import type { Host } from '../../fleet/host.ts';
import type { AppName, DeploymentId, Digest, HostId } from '../../fleet/ids.ts';
import type { Cause, Release } from '../../fleet/release.ts';
import type { Role } from '../../protocol/http-api/words.ts';

/** Names a release. */
export interface ReleaseKey {
  readonly app: AppName;
  readonly release: number;
}

/** A host with its keys. `labels`: the agent's configuration, over it the pool's, over it the operator's. */
export interface HostRow extends Host {
  /** Raw Ed25519 key, base64: proves each connection. */
  readonly publicKey: string;
  /** Raw X25519 key, base64: secrets are sealed to it. */
  readonly sealingKey: string;
  /** Newest order that the agent acked; null = none. */
  readonly acked: { readonly epoch: number; readonly generation: number } | null;
  readonly removedAt: number | null;
  /** Null where it enrolled with a token. */
  readonly instance: HostInstance | null;
  /** What its pool in fleet.json last said. */
  readonly poolLabels: Readonly<Record<string, string>>;
  /** What an operator or the enrolment token said: over the pool's and the agent's. Null hides theirs. */
  readonly ownLabels: Readonly<Record<string, string | null>>;
  /** It drains because its machine powers off, and is active again by itself after the next boot. */
  readonly poweringOff: boolean;
}

/** An instance of Google Cloud: (project number, id) is the host; a recreated one has a new id. */
export interface HostInstance {
  readonly projectNumber: string;
  readonly id: string;
  readonly zone: string;
  readonly name: string;
}

export interface NewHost {
  readonly id: HostId;
  /** As asked for; made unique by the store. */
  readonly name: string;
  readonly publicKey: string;
  readonly sealingKey: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string;
}

/** The host that a machine asks to be, and who permits it. */
export type Adoption =
  /** `machine`: its own operator does, which serves for a host that the coordinator does not know or that was removed. */
  | { readonly host: HostId; readonly permission: 'none' | 'machine' }
  | { readonly host: HostId; readonly permission: 'operator'; readonly cause: Cause };

export interface SessionRow {
  readonly host: HostId;
  /** Which coordinator holds the socket, and where others reach it. */
  readonly coordinator: string;
  readonly url: string;
  readonly epoch: number;
  readonly openedAt: number;
}

/** What `hello` said of the assignment on the agent's disk. */
export interface OrderHeard {
  readonly epoch: number;
  readonly generation: number;
  readonly hash: string;
}

/** Instances of each service on each host. A host that is not named does not run the app. */
export type Placement = Readonly<Record<HostId, Readonly<Record<string, number>>>>;

/** The one desired state. */
export type Target = RunTarget | RemoveTarget;

export interface RunTarget {
  readonly kind: 'run';
  readonly host: HostId;
  readonly app: AppName;
  readonly release: number;
  readonly deployment: DeploymentId;
  readonly attempt: number;
  readonly rollback: boolean;
  /** By service, from the placement. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Only what runs once for the deployment; the host keeps what it has. Absent = the whole app. */
  readonly onlyOnce?: true | undefined;
  /** Services whose instances the deployment replaces although they are unchanged. Absent = none. */
  readonly replace?: readonly string[] | undefined;
}

export interface RemoveTarget {
  readonly kind: 'remove';
  readonly host: HostId;
  readonly app: AppName;
  readonly volumes: boolean;
}

/** A target is written whole; `remove` of an app that the host has no target of does nothing. */
export type TargetWrite = Target;

export interface AppRow {
  readonly app: AppName;
  /** Last succeeded release and the deployment that brought it. */
  readonly succeeded: number | null;
  readonly succeededBy: DeploymentId | null;
  /** Highest release number ever given; 0 = none. Numbers are never used twice. */
  readonly newest: number;
  readonly createdAt: number;
  readonly removedAt: number | null;
}

export interface CurrentRelease {
  readonly release: Release;
  readonly deployment: DeploymentId;
}

export type ReleaseSource =
  | { readonly kind: 'new'; readonly release: Omit<Release, 'number' | 'app'> }
  | { readonly kind: 'kept'; readonly number: number };

export interface NewDeployment {
  readonly id: DeploymentId;
  readonly kind: Deployment['kind'];
  readonly cause: Cause;
  readonly createdAt: number;
  readonly aborts: boolean;
  /** As in `Deployment`. */
  readonly restarts?: readonly string[] | undefined;
  /** Where the app shall run with this release. */
  readonly placement: Placement;
}

/** Who drives a deployment, and the number that every write of his must carry. */
export interface Fence {
  readonly owner: string;
  readonly token: number;
}

export interface Rollout {
  readonly deployment: Deployment;
  readonly release: Release;
  /** Release of `deployment.base`; null = none, or not kept any more. */
  readonly base: Release | null;
  readonly placement: Placement;
  readonly targets: readonly Target[];
  /** Highest attempt ever given to (host, this app); a new attempt is above it. Absent = 0. */
  readonly lastAttempts: Readonly<Record<HostId, number>>;
}

/** What the places of an app outside of a deployment are decided over. */
export interface AppPlaces {
  readonly release: Release;
  readonly targets: readonly Target[];
  /** Of the deployments that targets name, those made after the one that brought the release, without superseded ones. */
  readonly newer: readonly DeploymentId[];
  /** Hosts whose target was given outside of a deployment: no deployment has judged it. */
  readonly placed: readonly HostId[];
  /** As in `Rollout`. */
  readonly lastAttempts: Readonly<Record<HostId, number>>;
}

export interface NewQuarantine {
  /** `failed` its gate: deploying it is refused. `held` by a rollback: only updates without a person leave it alone. */
  readonly kind: 'failed' | 'held';
  readonly app: AppName;
  readonly service: string;
  readonly digest: Digest;
  readonly reason: string;
  readonly since: number;
  readonly deployment: DeploymentId;
}
export type QuarantineRow = NewQuarantine;

export interface SecretRow {
  readonly app: AppName;
  readonly name: string;
  readonly version: number;
  readonly setAt: number;
}

export interface PinnedSecret {
  readonly app: AppName;
  /** Key in the app file: the name that travels, and by which the release pins the version. */
  readonly secret: string;
  /** Name in the store, which the key stands for. */
  readonly name: string;
  readonly version: number;
}

export interface SecretForHost extends PinnedSecret {
  readonly ciphertext: Uint8Array;
}

export interface RegistryRow {
  /** `127.0.0.1:5000`, `ghcr.io`. */
  readonly registry: string;
  readonly username: string;
  readonly setAt: number;
}

export interface ApiTokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}
export type NewApiToken = Omit<ApiTokenRow, 'lastUsedAt' | 'revokedAt'>;

export interface EnrollTokenRow {
  readonly id: string;
  readonly kind: 'once' | 'pool';
  readonly pool: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly uses: number;
  readonly revokedAt: number | null;
}
export type NewEnrollToken = Omit<EnrollTokenRow, 'uses' | 'revokedAt'>;

export interface NewEvent {
  readonly at: number;
  /** `deployment.succeeded`, `host.connected`, `secret.set` ... */
  readonly kind: string;
  readonly app: AppName | null;
  readonly host: HostId | null;
  readonly deployment: DeploymentId | null;
  readonly cause: Cause;
  /** One sentence for people; never a secret's value. */
  readonly text: string;
}

/** Who an event counts for in what is kept of the log. */
export type EventSource = 'person' | 'coordinator' | 'host';

export interface StoredEvent extends NewEvent {
  /** Rises by one without gaps; given under one lock. Numbers of events that were pruned are not given again. */
  readonly number: number;
  /** sha256 (hex) over the hash of the event before and this event: a chain. */
  readonly hash: string;
}
