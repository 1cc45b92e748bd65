/**
 * The use cases of the coordinator: what the HTTP API, the console and the schedule may ask for. One implementation
 * (`control/`), many faces. Every method authorises nothing (the faces did) and records who asked (`Actor`).
 * Refusals are LongshoreError with a code of `fleet/errors.ts`; nothing is half done when one is thrown.
 */
import type { Cause } from '../fleet/release.ts';
import type { AppName, DeploymentId } from '../fleet/ids.ts';
import type { EnrollChallengeReply, EnrollChallengeRequest, EnrollReply, EnrollRequest } from '../protocol/enroll.ts';
import type { Page } from '../protocol/http-api/page.ts';
import type {
  AdoptRequest,
  CancelRequest,
  DeployRequest,
  DeploymentsQuery,
  EnrollTokenRequest,
  EventsQuery,
  HostPatch,
  HostsQuery,
  PageQuery,
  PlanRequest,
  RegistryRequest,
  RestartRequest,
  RollbackRequest,
  ScaleRequest,
  StepsQuery,
  TokenRequest,
} from '../protocol/http-api/requests.ts';
import type { Role } from '../protocol/http-api/words.ts';
import type {
  EnrollTokenView,
  InstallView,
  RegistryView,
  SecretView,
  TokenView,
} from '../protocol/http-api/access-views.ts';
import type {
  AppHealthView,
  AppView,
  DeploymentView,
  EventView,
  ExplainView,
  HostStepView,
  HostView,
  PlanView,
  ReleaseView,
} from '../protocol/http-api/views.ts';

/** Who asks. */
export interface Actor {
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
}

export function personCause(actor: Actor, note: string | null): Cause {
  return { kind: 'person', token: actor.name, note };
}

/** A change that watchers get: the newest whole view, never a difference. */
export type Change =
  | { readonly kind: 'host'; readonly host: HostView }
  | { readonly kind: 'host-gone'; readonly host: string }
  | { readonly kind: 'deployment'; readonly deployment: DeploymentView }
  | { readonly kind: 'event'; readonly event: EventView };

/** Output of a log or exec stream, merged over the hosts it comes from. */
export interface StreamSink {
  /** Resolves when the reader has room again (backpressure). */
  chunk(
    source: { readonly host: string; readonly service: string; readonly instance: string } | null,
    fd: 1 | 2,
    data: Uint8Array,
  ): Promise<void>;
  /** So many bytes more, or with a minus less, wait for the reader. It breaks off where that is too much. */
  holds?(bytes: number): void;
}

export interface ExecHandle {
  readonly exit: Promise<number>;
  write(data: Uint8Array): Promise<void>;
  end(): void;
  resize(columns: number, rows: number): void;
}

export interface RemovedParts {
  readonly volumes: boolean;
  readonly secrets: boolean;
}

export interface Commands {
  /** A nonce for a machine that enrols by its own identity. @throws IDENTITY_REFUSED where none can */
  enrollChallenge(request: EnrollChallengeRequest): Promise<EnrollChallengeReply>;
  enroll(request: EnrollRequest): Promise<EnrollReply>;
  /** Null where the token is unknown, expired or revoked. Compares in constant time. */
  authenticate(token: string): Promise<Actor | null>;

  listHosts(query: HostsQuery): Promise<Page<HostView>>;
  /** @param host id or name */
  getHost(host: string): Promise<HostView>;
  explainHost(host: string): Promise<ExplainView>;
  patchHost(host: string, patch: HostPatch, actor: Actor): Promise<HostView>;
  /**
   * The machine that asks to be this host is it from now on; the key that the host had is refused.
   * @param host id or name; the id of a host that this coordinator does not know, too
   * @throws CONFLICT where no machine asks, several do, or the host is connected
   */
  adoptHost(host: string, request: AdoptRequest, actor: Actor): Promise<HostView>;
  removeHost(host: string, actor: Actor): Promise<void>;

  listApps(query: PageQuery): Promise<Page<AppView>>;
  getApp(app: AppName): Promise<AppView>;
  appHealth(app: AppName): Promise<AppHealthView>;
  /** @param also what goes with it; what is not named stays */
  removeApp(app: AppName, also: RemovedParts, actor: Actor): Promise<void>;
  pullApp(
    app: AppName,
    note: string | null,
    actor: Actor,
  ): Promise<{ deployment: DeploymentView | null; text: string }>;
  /**
   * A deployment of the current release that replaces its instances.
   * @param id as of `deploy`
   * @throws NOT_FOUND; CONFLICT where a deployment is under way or hosts run several releases; CAPABILITY_MISSING
   */
  restartApp(app: AppName, request: RestartRequest, actor: Actor, id?: DeploymentId | null): Promise<DeploymentView>;
  /**
   * A release with other replicas, the rest as it stands, and its deployment; null where it has those already.
   * @param id as of `deploy`
   * @throws NOT_FOUND; CONFLICT as of `restartApp`; what a plan refuses
   */
  scaleApp(
    app: AppName,
    request: ScaleRequest,
    actor: Actor,
    id?: DeploymentId | null,
  ): Promise<{ deployment: DeploymentView | null; text: string }>;
  releaseQuarantine(app: AppName, actor: Actor): Promise<void>;
  listReleases(app: AppName, query: PageQuery): Promise<Page<ReleaseView>>;
  /** @param id as of `deploy` */
  rollback(app: AppName, request: RollbackRequest, actor: Actor, id?: DeploymentId | null): Promise<DeploymentView>;

  plan(request: PlanRequest): Promise<PlanView>;
  /** @param id of the deployment to make; one that is there already is the answer. Null: a new one */
  deploy(
    request: DeployRequest,
    actor: Actor,
    id?: DeploymentId | null,
  ): Promise<{ deployment: DeploymentView | null; plan: PlanView }>;
  /** Without steps. */
  listDeployments(query: DeploymentsQuery): Promise<Page<DeploymentView>>;
  /** With the steps that matter most. */
  getDeployment(id: DeploymentId): Promise<DeploymentView>;
  listSteps(id: DeploymentId, query: StepsQuery): Promise<Page<HostStepView>>;
  pauseDeployment(id: DeploymentId, note: string | null, actor: Actor): Promise<DeploymentView>;
  resumeDeployment(id: DeploymentId, note: string | null, actor: Actor): Promise<DeploymentView>;
  cancelDeployment(id: DeploymentId, request: CancelRequest, actor: Actor): Promise<DeploymentView>;

  listSecrets(app: AppName, query: PageQuery): Promise<Page<SecretView>>;
  setSecret(app: AppName, secret: string, value: string, actor: Actor): Promise<SecretView>;
  removeSecret(app: AppName, secret: string, actor: Actor): Promise<void>;
  listRegistries(query: PageQuery): Promise<Page<RegistryView>>;
  setRegistry(registry: string, request: RegistryRequest, actor: Actor): Promise<RegistryView>;
  removeRegistry(registry: string, actor: Actor): Promise<void>;

  whoami(actor: Actor): Promise<TokenView>;
  listTokens(query: PageQuery): Promise<Page<TokenView>>;
  makeToken(request: TokenRequest, actor: Actor): Promise<{ view: TokenView; token: string }>;
  revokeToken(id: string, actor: Actor): Promise<void>;
  listEnrollTokens(query: PageQuery): Promise<Page<EnrollTokenView>>;
  makeEnrollToken(request: EnrollTokenRequest, actor: Actor): Promise<{ view: EnrollTokenView; token: string }>;
  /**
   * What makes a machine a host by hand.
   * @param url an address under which the caller reaches the coordinator; null: the people's
   * @throws NOT_FOUND where there are no agents to install
   */
  install(url: string | null): Promise<InstallView>;
  revokeEnrollToken(id: string, actor: Actor): Promise<void>;

  listEvents(query: EventsQuery): Promise<Page<EventView>>;
  doctor(): Promise<{ checks: { name: string; ok: boolean; text: string }[] }>;
  /** The older copy is what counts from now on. @throws CONFLICT where no restore waits */
  confirmRestore(note: string | null, actor: Actor): Promise<{ epoch: number }>;

  /** Calls back for each change until aborted; never blocks the one who changes. Slow readers lose nothing but intermediate views. */
  watch(onChange: (change: Change) => void, signal: AbortSignal): void;
  /** Resolves when all sources have ended, or at abort. @throws NOT_FOUND, HOST_OFFLINE */
  logs(
    request: {
      readonly app: AppName;
      readonly service: string | null;
      readonly host: string | null;
      readonly follow: boolean;
      readonly tail: number | null;
      readonly sinceMs: number | null;
    },
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<void>;
  exec(
    request: {
      readonly app: AppName;
      readonly service: string;
      readonly host: string | null;
      readonly command: readonly string[];
      readonly tty: boolean;
      readonly size: { readonly columns: number; readonly rows: number } | null;
    },
    actor: Actor,
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<ExecHandle>;
}
