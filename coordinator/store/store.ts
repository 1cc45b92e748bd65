/**
 * The store port: everything durable, asked for by use case. One call = one transaction: it happens whole or not
 * at all, and its promise resolves only after the commit is on the disk. Arguments and answers are plain data (they
 * cross a thread by structured clone). Clock, ids and randomness are the caller's.
 *
 * Refusals are LongshoreError: NOT_FOUND, CONFLICT (somebody else was quicker: read again and decide again), and the
 * codes that a method names. Lists are paged by key and never counted.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { Assignment, Order } from '../../fleet/assignment.ts';
import type { DeploymentState, HostStep, HostStepState } from '../../fleet/deployment.ts';
import type { DeploymentHead, DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { HostAvailability } from '../../fleet/host.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { Role } from '../../protocol/http-api/words.ts';
import type { RouteConflict } from '../placement/route-conflicts.ts';
import type {
  Adoption,
  ApiTokenRow,
  AppPlaces,
  AppRow,
  CurrentRelease,
  EnrollTokenRow,
  Fence,
  HostInstance,
  HostRow,
  NewApiToken,
  NewDeployment,
  NewEnrollToken,
  NewEvent,
  NewHost,
  NewQuarantine,
  OrderHeard,
  PinnedSecret,
  Placement,
  QuarantineRow,
  RegistryRow,
  ReleaseKey,
  ReleaseSource,
  Rollout,
  SecretForHost,
  SecretRow,
  SessionRow,
  StoredEvent,
  Target,
  TargetWrite,
} from './records.ts';
import type { RestoreStore } from './restore-store.ts';
import type { RetentionStore } from './retention-store.ts';

/** `after` is the key of the last item of the page before (opaque to callers), null for the first page. */
export interface Paging {
  readonly limit: number;
  readonly after: string | null;
}

export interface Slice<T> {
  readonly items: readonly T[];
  /** Key of the last item where more follow. */
  readonly next: string | null;
}

export interface Store
  extends
    HostStore,
    TargetStore,
    ReleaseStore,
    RolloutStore,
    RestoreStore,
    SecretStore,
    TokenStore,
    RequestStore,
    RetentionStore,
    EventStore {
  /** Listeners get appended events after their commit, in order of their numbers. */
  onAppended(listener: (events: readonly StoredEvent[]) => void): void;
  /** What keeps it from answering, for people; null = nothing. While it says so, calls are refused and may be repeated. */
  obstacle(): string | null;
  /** Coordinators that wait to take this one's place, by name. */
  standbys(): Promise<readonly string[]>;
  /** What the database takes, its log of what is under way included. */
  databaseBytes(): Promise<number>;
  /** Finishes what is under way, then closes. Later calls are refused with SHUTTING_DOWN. */
  close(): Promise<void>;
}

export interface HostStore {
  /**
   * Checks and uses the token, gives a unique name (`-2`, `-3` ... appended) and inserts the host. The same public key
   * with the same token again answers the host it made (the first reply was lost). Writes `host.enrolled`.
   * With `adoption` it becomes that host: same id, labels and targets, another key (`host.adopted`).
   * @throws TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, TOKEN_REVOKED, FORMER_HOST (the adoption is not permitted)
   */
  enrollHost(args: {
    readonly tokenHash: string;
    readonly host: NewHost;
    readonly at: number;
    readonly adoption?: Adoption | null;
  }): Promise<HostRow>;
  /**
   * Makes the host of an instance, under its own name. The same key again answers the host that it has. Hosts of
   * instances that had this name in this zone before are removed with it (`replaced`). Writes `host.enrolled`.
   * With an operator's `adoption` of the instance's own host, that host has the new key (`host.adopted`).
   * @throws INSTANCE_KNOWN (a host of this instance with another key is there), HOST_REMOVED (the key was removed),
   * FORMER_HOST (the adoption is not permitted)
   */
  enrollInstance(args: {
    readonly instance: HostInstance;
    readonly pool: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly host: Omit<NewHost, 'labels'>;
    readonly at: number;
    readonly adoption?: Adoption | null;
  }): Promise<{ readonly host: HostRow; readonly replaced: readonly HostId[] }>;
  /** By id, removed ones too (`removedAt`). */
  host(args: { readonly id: HostId }): Promise<HostRow | null>;
  /** By id or name; not the removed ones. */
  findHost(args: { readonly host: string }): Promise<HostRow | null>;
  /** By name. */
  listHosts(args: Paging & { readonly pool: string | null; readonly app: AppName | null }): Promise<Slice<HostRow>>;
  /** Names by id, of removed hosts too. */
  hostNames(args: { readonly ids: readonly HostId[] }): Promise<Readonly<Record<HostId, string>>>;
  /** All that were not removed, by name: what placement looks at. */
  allHosts(): Promise<readonly HostRow[]>;
  /**
   * Null leaves a field as it is. `labels` are changes of the host's own: a value wins over what agent and pool say,
   * null hides theirs; those of `inheritLabels` are theirs to say again. @throws NOT_FOUND, CONFLICT (name taken)
   */
  patchHost(args: {
    readonly id: HostId;
    readonly availability: HostAvailability | null;
    readonly labels: Readonly<Record<string, string | null>> | null;
    readonly inheritLabels?: readonly string[];
    readonly name: string | null;
    readonly events: readonly NewEvent[];
  }): Promise<HostRow>;
  /** What the pools of these hosts say now, in place of what they said before. */
  setPoolLabels(args: {
    readonly hosts: readonly { readonly host: HostId; readonly labels: Readonly<Record<string, string>> }[];
    readonly events: readonly NewEvent[];
  }): Promise<void>;
  /**
   * The machine says that it powers off: an active host drains until a session of another boot opens. One that a
   * person cordoned or drained stays as it is. @returns whether it drains because of this
   */
  powerOff(args: {
    readonly id: HostId;
    readonly boot: string;
    readonly events: readonly NewEvent[];
  }): Promise<boolean>;
  /** Its targets go; the row stays, marked, so that its key is answered HOST_REMOVED. @throws NOT_FOUND */
  removeHost(args: { readonly id: HostId; readonly at: number; readonly events: readonly NewEvent[] }): Promise<void>;
  /**
   * A session begins: writes what hello said where it differs, and the row of `sessions`. `epoch` rises with each
   * session of the host. `placementChanged`: its platform is new, places must be looked at again. Ends a drain because
   * of a power-off of another boot, with `backEvents`. Labels came with the enrolment: an agent cannot change them.
   * @throws NOT_FOUND, HOST_REMOVED
   */
  openSession(args: {
    readonly host: HostId;
    readonly coordinator: string;
    readonly url: string;
    readonly at: number;
    readonly platform: string;
    readonly agentVersion: string;
    readonly engineVersion: string;
    /** Null where the agent did not say. */
    readonly boot: string | null;
    readonly events: readonly NewEvent[];
    readonly backEvents: readonly NewEvent[];
  }): Promise<{ readonly host: HostRow; readonly session: SessionRow; readonly placementChanged: boolean }>;
  /** Ends that session unless a newer one has begun; writes lastSeenAt. */
  closeSession(args: {
    readonly host: HostId;
    readonly epoch: number;
    readonly at: number;
    readonly events: readonly NewEvent[];
  }): Promise<void>;
  /** lastSeenAt of many, written rarely (every few minutes); heartbeats never come here. */
  touchHosts(args: { readonly seen: readonly { readonly host: HostId; readonly at: number }[] }): Promise<void>;
}

export interface TargetStore {
  targetsOfHosts(args: { readonly hosts: readonly HostId[] }): Promise<readonly Target[]>;
  targetsOfApp(args: { readonly app: AppName }): Promise<readonly Target[]>;
  /**
   * The newest assignment of each host, derived from its targets, with its number: a new one where the content changed
   * or where the agent reported one above ours of an epoch that has passed. Hosts that are unknown or removed are left
   * out. `ahead`: the agent holds a number of this epoch that we never gave, or ours with another content: this data is
   * an older copy (`restoreFound`). `held`: a restore waits for an operator. Nothing is allocated or may be sent then.
   */
  assignments(args: {
    readonly requests: readonly { readonly host: HostId; readonly heard: OrderHeard | null }[];
  }): Promise<
    readonly (
      | { readonly kind: 'assignment'; readonly host: HostId; readonly assignment: Assignment; readonly hash: string }
      | { readonly kind: 'ahead'; readonly host: HostId; readonly heard: Order; readonly known: Order }
      | { readonly kind: 'held'; readonly host: HostId }
    )[]
  >;
  /** An ack counts when this has resolved. An older one than stored changes nothing. */
  recordAcks(args: {
    readonly acks: readonly { readonly host: HostId; readonly epoch: number; readonly generation: number }[];
  }): Promise<void>;
  /** The agents say that these `remove` entries are done: those that stood go, each with its event, and are answered. */
  removalsDone(args: {
    readonly done: readonly { readonly host: HostId; readonly app: AppName; readonly event: NewEvent }[];
  }): Promise<readonly { readonly host: HostId; readonly app: AppName }[]>;
  /**
   * Targets outside of a deployment: a host that joined, one that drains. Refused where the app's last succeeded
   * release is not `expected` any more, a deployment of the app has not ended, an attempt was given already, the app
   * was removed, or a restore waits. @throws CONFLICT
   */
  applyFleet(args: {
    readonly app: AppName;
    readonly expected: number | null;
    readonly targets: readonly TargetWrite[];
    readonly events: readonly NewEvent[];
  }): Promise<void>;
}

export interface ReleaseStore {
  app(args: { readonly app: AppName }): Promise<AppRow | null>;
  /** By name; not the removed ones. */
  listApps(args: Paging): Promise<Slice<AppRow>>;
  /** Last succeeded release of every app that has one: what the schedule and the fleet's placement look at. */
  currentReleases(): Promise<readonly CurrentRelease[]>;
  /** Routes that another app has on a host of this placement, by its targets or a deployment that has not ended. */
  conflictingRoutes(args: {
    readonly app: AppName;
    readonly spec: AppSpec;
    readonly placement: Placement;
  }): Promise<readonly RouteConflict[]>;
  release(args: { readonly app: AppName; readonly number: number }): Promise<Release | null>;
  releases(args: { readonly app: AppName; readonly numbers: readonly number[] }): Promise<readonly Release[]>;
  /** Those of the given that say `require: all`. */
  requiringAll(args: { readonly releases: readonly ReleaseKey[] }): Promise<readonly ReleaseKey[]>;
  /** Newest first. `outcome`: state of its newest deployment; `served`: the app served it as a whole at some time. */
  listReleases(
    args: Paging & { readonly app: AppName },
  ): Promise<Slice<{ readonly release: Release; readonly outcome: DeploymentState | null; readonly served: boolean }>>;
  /**
   * Where a rollback that names no release goes: the current release where a newer one is under way or was left on hosts
   * in place, else the last one that the app served as a whole before it. Null = none is kept.
   */
  releaseBefore(args: { readonly app: AppName }): Promise<Release | null>;
  /**
   * Every unended deployment of the app is cancelled, every target becomes `remove`, the app is marked removed. The
   * owners of the cancelled deployments find their fence gone. Its secrets go where `secrets` says so. @throws NOT_FOUND
   */
  removeApp(args: {
    readonly app: AppName;
    readonly volumes: boolean;
    readonly secrets: boolean;
    readonly at: number;
    readonly events: readonly NewEvent[];
  }): Promise<{ readonly hosts: readonly HostId[]; readonly cancelled: readonly DeploymentSummary[] }>;
  quarantine(args: { readonly app: AppName }): Promise<readonly QuarantineRow[]>;
  /** @returns what was let go */
  releaseQuarantine(args: {
    readonly app: AppName;
    readonly events: readonly NewEvent[];
  }): Promise<readonly QuarantineRow[]>;
}

export interface RolloutStore {
  /**
   * One transaction: makes the release (or takes a kept one), the deployment `queued`, supersedes every other queued
   * one of the app, and forgets releases beyond `keepReleases` newest that nothing needs. Events may leave out the
   * deployment and release number: `{release}` in their text becomes the number.
   * @throws CONFLICT where the app's last succeeded or newest release is not as `expected`; NOT_FOUND for a kept release;
   * SECRET_MISSING where a version that the release pins was removed; ROUTE_TAKEN, as `conflictingRoutes` finds
   */
  createDeployment(args: {
    readonly app: AppName;
    readonly source: ReleaseSource;
    readonly deployment: NewDeployment;
    readonly expected: {
      readonly succeeded: number | null;
      readonly newest: number | null;
      /** Nothing of the app is queued or under way. */
      readonly idle?: boolean;
    };
    readonly releaseQuarantine: boolean;
    readonly keepReleases: number;
    readonly events: readonly NewEvent[];
  }): Promise<{
    readonly release: Release;
    readonly deployment: DeploymentSummary;
    readonly superseded: readonly DeploymentSummary[];
  }>;
  deployment(args: { readonly id: DeploymentId }): Promise<DeploymentSummary | null>;
  /** Newest first. */
  listDeployments(args: Paging & { readonly app: AppName | null }): Promise<Slice<DeploymentSummary>>;
  /** Of each app the one that has not ended and is furthest (rolling before queued), else its newest. */
  latestDeployments(args: { readonly apps: readonly AppName[] }): Promise<readonly DeploymentSummary[]>;
  /** How many have not ended, by state; states without any are left out. */
  countUnended(): Promise<Readonly<Partial<Record<DeploymentState, number>>>>;
  /** Those of the app that have not ended, oldest first; of every app where it is null. */
  unendedDeployments(args: { readonly app: AppName | null }): Promise<readonly DeploymentSummary[]>;
  /** Steps of one deployment, by host id. */
  listSteps(
    args: Paging & {
      readonly deployment: DeploymentId;
      readonly wave: number | null;
      readonly state: HostStepState | null;
    },
  ): Promise<Slice<HostStep>>;
  /** At most `limit` steps, as `notableSteps` chooses and orders them. */
  notableSteps(args: { readonly deployment: DeploymentId; readonly limit: number }): Promise<readonly HostStep[]>;
  /** The host's step in each of these deployments that has one. */
  stepsOfHost(args: {
    readonly host: HostId;
    readonly deployments: readonly DeploymentId[];
  }): Promise<Readonly<Record<DeploymentId, HostStep>>>;
  /** All that one deployment's rollout decides over. @throws NOT_FOUND */
  loadRollout(args: { readonly id: DeploymentId }): Promise<Rollout>;
  /**
   * All that the places of an app outside of a deployment are decided over; null while one of the app has not ended.
   * @param deployment the one that brought its current release. @throws NOT_FOUND
   */
  loadPlaces(args: { readonly app: AppName; readonly deployment: DeploymentId }): Promise<AppPlaces | null>;
  /**
   * Takes or keeps the lease of a deployment that has not ended: where nobody holds it, `owner` holds it, or it ran
   * out at `now`. The fencing token rises whenever the holder changes. @returns null where another one holds it
   */
  takeLease(args: {
    readonly id: DeploymentId;
    readonly owner: string;
    readonly now: number;
    readonly until: number;
  }): Promise<Fence | null>;
  /** @returns those that `owner` still holds */
  renewLeases(args: {
    readonly owner: string;
    readonly ids: readonly DeploymentId[];
    readonly until: number;
  }): Promise<readonly DeploymentId[]>;
  /**
   * One decision of a rollout, whole: the deployment's row, the host steps that changed, targets, quarantine, events.
   * `through` names the states between `expected` and the new one, where it passed several (an expired deployment with
   * nothing to move back goes rolling -> rolling_back -> rolled_back at once). When
   * the new state is `succeeded` the app's last succeeded release becomes this one, in the same transaction.
   * @throws CONFLICT where the stored state is not `expected`, the table of states forbids the step, or the fence is old
   */
  applyRollout(args: {
    readonly fence: Fence;
    readonly expected: DeploymentState;
    readonly through?: readonly DeploymentState[];
    readonly deployment: DeploymentHead;
    readonly steps: readonly HostStep[];
    readonly targets: readonly TargetWrite[];
    readonly quarantine: readonly NewQuarantine[];
    readonly events: readonly NewEvent[];
  }): Promise<void>;
}

export interface SecretStore {
  listSecrets(args: Paging & { readonly app: AppName }): Promise<Slice<SecretRow>>;
  /** Newest version by name, of those that exist. */
  secretVersions(args: {
    readonly app: AppName;
    readonly names: readonly string[];
  }): Promise<Readonly<Record<string, number>>>;
  /**
   * Highest version of any secret of the app; 0 = none. Versions rise over all secrets of an app and are never used
   * twice, so (app, version) says which value is meant, whatever name a release gives it.
   */
  lastSecretVersion(args: { readonly app: AppName }): Promise<number>;
  /** @throws CONFLICT where `version` is not the last one + 1 */
  putSecret(args: {
    readonly app: AppName;
    readonly name: string;
    readonly version: number;
    readonly ciphertext: Uint8Array;
    readonly at: number;
    readonly events: readonly NewEvent[];
  }): Promise<SecretRow>;
  /** Forgets every version. @throws NOT_FOUND, CONFLICT (a release in use names it, or one that a deployment may return to) */
  removeSecret(args: {
    readonly app: AppName;
    readonly name: string;
    readonly events: readonly NewEvent[];
  }): Promise<void>;
  /** What the host's `run` targets use, still encrypted at rest; `missing`: pinned, and removed since. */
  secretsForHost(args: { readonly host: HostId }): Promise<{
    readonly found: readonly SecretForHost[];
    readonly missing: readonly PinnedSecret[];
  }>;
  /** Every kept version of the app's secrets, of all apps where it is null: what must not be shown. */
  secretsOfApp(args: { readonly app: AppName | null }): Promise<readonly Omit<SecretForHost, 'secret'>[]>;

  listRegistries(args: Paging): Promise<Slice<RegistryRow>>;
  /** With ciphertext of the password, all of them (a handful). */
  registries(): Promise<readonly (RegistryRow & { readonly ciphertext: Uint8Array })[]>;
  /** Of the registries whose images the host runs, is to run by a deployment under way, or would go back to. */
  registriesForHost(args: {
    readonly host: HostId;
  }): Promise<readonly (RegistryRow & { readonly ciphertext: Uint8Array })[]>;
  putRegistry(args: {
    readonly registry: string;
    readonly username: string;
    readonly ciphertext: Uint8Array;
    readonly at: number;
    readonly events: readonly NewEvent[];
  }): Promise<RegistryRow>;
  /** @throws NOT_FOUND */
  removeRegistry(args: { readonly registry: string; readonly events: readonly NewEvent[] }): Promise<void>;
  /** A small value that proves the key of the secrets: set once, then the stored one is answered. */
  keyCheck(args: { readonly ciphertext: Uint8Array }): Promise<Uint8Array>;
  /** From now on another key is the one of this store. */
  replaceKeyCheck(args: { readonly ciphertext: Uint8Array; readonly events: readonly NewEvent[] }): Promise<void>;
}

export interface TokenStore {
  tokenByHash(args: { readonly hash: string }): Promise<ApiTokenRow | null>;
  /** Oldest first. */
  listTokens(args: Paging): Promise<Slice<ApiTokenRow>>;
  token(args: { readonly id: string }): Promise<ApiTokenRow | null>;
  insertToken(args: { readonly token: NewApiToken; readonly events: readonly NewEvent[] }): Promise<ApiTokenRow>;
  /** Whether a token with this role exists that is neither revoked nor expired. */
  hasToken(args: { readonly role: Role; readonly at: number }): Promise<boolean>;
  /** @throws NOT_FOUND; CONFLICT for the last admin token that works */
  revokeToken(args: { readonly id: string; readonly at: number; readonly events: readonly NewEvent[] }): Promise<void>;
  /** Written rarely. */
  touchTokens(args: { readonly used: readonly { readonly id: string; readonly at: number }[] }): Promise<void>;

  listEnrollTokens(args: Paging): Promise<Slice<EnrollTokenRow>>;
  insertEnrollToken(args: {
    readonly token: NewEnrollToken;
    readonly events: readonly NewEvent[];
  }): Promise<EnrollTokenRow>;
  /** @throws NOT_FOUND */
  revokeEnrollToken(args: {
    readonly id: string;
    readonly at: number;
    readonly events: readonly NewEvent[];
  }): Promise<void>;
}

export interface RequestStore {
  /**
   * Notes a request until `until`, and forgets those that have run out and the actor's oldest above `most`. `begun`: do
   * it; `differs`: the key stands for another request.
   */
  beginRequest(args: {
    readonly actor: string;
    readonly key: string;
    readonly hash: string;
    readonly at: number;
    readonly until: number;
    readonly most: number;
  }): Promise<
    | { readonly kind: 'begun' }
    | { readonly kind: 'differs' }
    | { readonly kind: 'answered'; readonly ciphertext: Uint8Array }
  >;
  answerRequest(args: { readonly actor: string; readonly key: string; readonly ciphertext: Uint8Array }): Promise<void>;
  forgetRequest(args: { readonly actor: string; readonly key: string }): Promise<void>;
}

export interface EventStore {
  appendEvents(args: { readonly events: readonly NewEvent[] }): Promise<readonly StoredEvent[]>;
  listEvents(
    args: Paging & {
      readonly app: AppName | null;
      readonly host: string | null;
      readonly kind: string | null;
      readonly deployment: DeploymentId | null;
      readonly order: 'newest' | 'oldest';
    },
  ): Promise<Slice<StoredEvent>>;
  /**
   * Walks the chain of hashes from `from`, at most `limit` events, over what was pruned. `brokenAt`: first number whose
   * hash is not right.
   */
  verifyEvents(args: {
    readonly from: number;
    readonly limit: number;
  }): Promise<{ readonly checked: number; readonly brokenAt: number | null; readonly next: number | null }>;
}
