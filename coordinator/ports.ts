/**
 * How the parts of the coordinator ask each other: `control/` (use cases) asks the hub for what is live and the
 * rollouts for what moves; both ask the store. Everything durable is in the store; what is here is memory.
 */
import type { Order } from '../fleet/assignment.ts';
import type { Problem } from '../fleet/errors.ts';
import type { Cause } from '../fleet/release.ts';
import type { HostPolicy } from '../fleet/host-policy.ts';
import type { AppName, DeploymentId, Digest, HostId } from '../fleet/ids.ts';
import type { Deployment } from '../fleet/deployment.ts';
import type { DeploymentSummary } from '../fleet/deployment-summary.ts';
import type { HostMetrics } from '../fleet/host.ts';
import type { AppReport, HostProblem } from '../fleet/report.ts';
import type { CoordinatorMessageOf } from '../protocol/agent-messages.ts';
import type { DeploymentView, EventView, HostView } from '../protocol/http-api/views.ts';
import type { Change, ExecHandle, StreamSink } from './commands.ts';
import type { StoredEvent } from './store/records.ts';

/** What the hub knows of a host at this moment. Reports outlive the connection until the coordinator restarts. */
export interface LiveHost {
  readonly connected: boolean;
  /** Wall clock, ms, of the newest change of `connected`; null = not since this coordinator started. */
  readonly connectedChangedAt: number | null;
  readonly apps: Readonly<Record<string, AppReport>>;
  readonly metrics: HostMetrics | null;
  readonly status: string | null;
  /** What its agent says is wrong with the host itself. */
  readonly problems: readonly HostProblem[];
  readonly ingress: { readonly http: number | null; readonly https: number | null } | null;
  /** What its operator allows; null = its agent does not say. */
  readonly policy: HostPolicy | null;
  /** What its agent can do, as it said when it connected. */
  readonly capabilities: readonly string[];
  readonly lastSeenAt: number | null;
  /** Newest assignment order that the agent acked. */
  readonly acked: { readonly epoch: number; readonly generation: number } | null;
  /** Why it does not have the newest assignment; null = nothing is known against it. */
  readonly refusal: AssignmentRefusal | null;
}

/** An assignment that the agent did not take, or that could not be sent. */
export interface AssignmentRefusal {
  readonly problem: Problem;
  /** Null where none was made: the data waits for an operator. */
  readonly order: Order | null;
  /** By app: what it asked beyond what the agent has. */
  readonly asked: Readonly<Record<string, Asked>>;
  /** The same may be taken later: it is sent again by itself. False: a person or another target has to change it. */
  readonly isSentAgain: boolean;
  /** Only the named apps were left out: the rest was sent, and its ack does not end this. */
  readonly isPartial?: true;
}

export type Asked =
  { readonly kind: 'run'; readonly deployment: DeploymentId; readonly attempt: number } | { readonly kind: 'remove' };

export interface HubPort {
  live(host: HostId): LiveHost | null;
  connectedHosts(): readonly HostId[];
  /** Targets of these hosts changed in the store: send each its newest assignment. */
  assignmentsChanged(hosts: readonly HostId[]): void;
  /** New secret versions or registry credentials for these hosts. */
  secretsChanged(hosts: readonly HostId[]): void;
  /** The host was removed: close its session with CLOSE.removed. */
  hostRemoved(host: HostId): void;
  /** One connected host resolves a reference for us. @throws HOST_OFFLINE, IMAGE_NOT_FOUND, REGISTRY_* */
  resolve(host: HostId, reference: string): Promise<Digest>;
  logs(
    host: HostId,
    target: { readonly app: AppName; readonly service: string | null; readonly instance: string | null },
    options: { readonly follow: boolean; readonly tail: number | null; readonly sinceMs: number | null },
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<void>;
  exec(
    host: HostId,
    target: { readonly app: AppName; readonly service: string | null; readonly instance: string | null },
    options: {
      readonly command: readonly string[];
      readonly tty: boolean;
      readonly size: { readonly columns: number; readonly rows: number } | null;
    },
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<ExecHandle>;
}

export interface RolloutsPort {
  /**
   * A deployment is in the store, `queued`: its turn comes, at once where it `aborts` what is under way.
   * @param superseded those that ended there for its sake
   */
  enqueued(app: AppName, superseded: readonly DeploymentSummary[]): void;
  /**
   * The app was removed in the store: let go of what is under way.
   * @param cancelled those that ended there with it
   */
  appRemoved(app: AppName, cancelled: readonly DeploymentSummary[]): void;
  pause(id: DeploymentId, cause: Cause): Promise<Deployment>;
  resume(id: DeploymentId, cause: Cause): Promise<Deployment>;
  cancel(id: DeploymentId, rollback: boolean, cause: Cause): Promise<Deployment>;
  /** Hosts, labels or availability changed: place apps again (a host that joins gets the last succeeded release; a draining one gives up its apps). */
  fleetChanged(): void;
  /** What is remembered of deployments may be old: read everything again. */
  reload(): void;
}

/** What only one host may read, sealed to its key (`protocol/sealing.ts`). Implemented by `secrets/`, sent by the hub. */
export interface SealedPort {
  /**
   * Values of the secrets that the host's targets name, at the versions that their releases pin. `missing`: those that
   * nobody has any more, as people know them.
   * @param isHeld whether the host has this version of `app/secret` already: left out
   */
  secrets(
    host: HostId,
    isHeld: (key: string, version: number) => boolean,
  ): Promise<{ readonly items: CoordinatorMessageOf<'secrets'>['items']; readonly missing: readonly string[] }>;
  /**
   * Stored credentials of the registries that the host's images are in. `needed`: all of those registries; `items`: the
   * credentials that it does not have yet.
   */
  registryCredentials(
    host: HostId,
    isHeld: (registry: string) => boolean,
  ): Promise<{
    readonly needed: readonly string[];
    readonly items: readonly { readonly registry: string; readonly sealed: string }[];
  }>;
}

/** Views as the API shows them; built by `control/` from the store and the hub's memory. Null = there is none. */
export interface ViewsPort {
  host(host: HostId): Promise<HostView | null>;
  /** As a rollout has it in memory. */
  deployment(deployment: Deployment): Promise<DeploymentView>;
  /** As it is stored: the steps that are shown are read. */
  storedDeployment(deployment: DeploymentSummary): Promise<DeploymentView>;
  event(event: StoredEvent): EventView;
}

export interface ImageAnswer {
  readonly deployment: DeploymentId | null;
  readonly asked: boolean;
  readonly text: string;
}

/** Asks the registry for newer images of an app's current release; what it finds becomes one release. */
export interface ImageChecks {
  /**
   * One HEAD per image reference. Quarantined digests are left alone. `asked` is false where a deployment is under way:
   * then the registry was not asked. @throws REGISTRY_*, NOT_FOUND
   */
  check(app: AppName, cause: Cause): Promise<ImageAnswer>;
}

/** In-process publish/subscribe; feeds consoles and the web page. */
export interface ChangesPort {
  publish(change: Change): void;
  subscribe(onChange: (change: Change) => void, signal: AbortSignal): void;
}
