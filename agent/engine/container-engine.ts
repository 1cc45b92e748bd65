/**
 * The port to the container engine: all that the agent ever asks of Docker. `dockerode-engine.ts` implements it for
 * real, `test/support/fake-engine.ts` with scripted behaviour; one contract suite runs over both.
 *
 * Rules of the port: every call names only objects that carry this host's label and never touches others; every
 * call is idempotent (what exists already is adopted, what is gone already is fine); failures are LongshoreError with
 * a code of `fleet/errors.ts` (so that the one classifier can tell transient from permanent); every long call takes an
 * AbortSignal. Paths, ids and names are the engine's and stay opaque to the planner.
 */
import type { ServiceSpec, VolumeSpec } from '../../fleet/app-spec.ts';
import type { AppName, Digest, HostId, InstanceId, ServiceName, SpecHash } from '../../fleet/ids.ts';

export interface EngineDescription {
  readonly version: string;
  /** The smaller of the newest tested and the server's. */
  readonly apiVersion: string;
  /** `linux/amd64`. */
  readonly platform: string;
  readonly imageStore: 'graphdriver' | 'containerd';
  readonly rootDir: string;
}

export type ContainerState = 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead';

/** One container of ours, seen at one instant. */
export interface ContainerObservation {
  readonly engineId: string;
  readonly instance: InstanceId;
  readonly app: AppName;
  readonly service: string;
  /** 1-based replica on this host. */
  readonly replica: number;
  /** Which of the replica's two addresses it holds. */
  readonly slot: 0 | 1;
  readonly hash: SpecHash;
  readonly release: number;
  readonly deployment: string;
  readonly attempt: number;
  /** Engine's id of the running image; opaque. */
  readonly imageId: string;
  /** The id that the label recorded at creation: truth is label plus equality. */
  readonly recordedImageId: string;
  readonly digest: Digest;
  readonly state: ContainerState;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Engine's restart policy now: `no` for a candidate, the app's own after its commit. */
  readonly restartPolicy: string;
  readonly restartCount: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** On the app's network; null with host networking or when not attached. */
  readonly address: string | null;
  /** The engine's id of the network that the address belongs to; null when not attached, or not started since. */
  readonly networkId: string | null;
  /** What it is called on the app's network, beside what the engine calls it. */
  readonly aliases: readonly string[];
  /** Its own view of the network: name -> what it finds there instead. */
  readonly links: Readonly<Record<string, string>>;
  /** State of the image's HEALTHCHECK as the engine sees it. */
  readonly engineHealth: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly engineHealthDetail: string | null;
  /** What the container was made with (`stop_grace_period` of its own spec, in whole seconds); null = nothing. */
  readonly stopGraceMs: number | null;
  /** Published ports: container -> host. */
  readonly ports: Readonly<Record<string, number>>;
  /** Mounted volumes, named and anonymous: path in the container -> the engine's name of the volume. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** An instance's names on the app's network, and its view of others (name -> the name that is looked up instead). */
export interface NetworkNames {
  readonly aliases: readonly string[];
  readonly links: Readonly<Record<string, string>>;
}

export interface NetworkObservation {
  readonly app: AppName;
  /** The engine's id: one that was removed and made again has another. */
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
}

export interface VolumeObservation {
  readonly app: AppName;
  readonly volume: string;
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface EngineObservation {
  readonly containers: readonly ContainerObservation[];
  readonly networks: readonly NetworkObservation[];
  readonly volumes: readonly VolumeObservation[];
}

export interface ImageFacts {
  readonly imageId: string;
  readonly sizeBytes: number;
  /** The image has a HEALTHCHECK of its own. */
  readonly hasHealthcheck: boolean;
  readonly user: string;
  /** Paths that the image declares as volumes. */
  readonly volumes: readonly string[];
}

export interface PullRequest {
  /** Registry and repository with tag, for people and for the credential look-up. */
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: string | null;
}

export interface PullProgress {
  readonly layersDone: number;
  readonly layers: number;
  readonly bytesDone: number;
  /** Something is still to come from the registry; what is left otherwise is unpacking. */
  readonly isDownloading: boolean;
}

/** A service of a release: pinned, and with the hash that names its instances. */
export interface PinnedService {
  readonly name: ServiceName;
  readonly hash: SpecHash;
  readonly spec: ServiceSpec;
}

/** All that is needed to make one container. */
export interface InstancePlan {
  readonly instance: InstanceId;
  readonly host: HostId;
  readonly app: AppName;
  readonly service: PinnedService;
  readonly replica: number;
  readonly slot: 0 | 1;
  readonly release: number;
  readonly deployment: string;
  readonly attempt: number;
  readonly imageId: string;
  /** Name of the app's network; null for `network_mode: host` or `none`. */
  readonly network: string | null;
  /** Fixed IPv4; null without a network. */
  readonly address: string | null;
  /** Names and view from the start; the service's own name only where no older instance serves under it. */
  readonly names: NetworkNames;
  /** Engine names of the volumes by the names in the file. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Engine names of the volumes for paths that the image declares and the file does not mount. */
  readonly imageVolumes: Readonly<Record<string, string>>;
  /** Files that the agent wrote on the host, mounted read-only: secrets and configs. */
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Secrets that were asked for as variables. */
  readonly secretEnvironment: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly exitCode: number;
  /** First 4 KiB of both outputs. */
  readonly output: string;
}

export interface OutputStream {
  /** Ends with the container or the command; aborting ends it at once. Chunks wait for `onChunk` (backpressure). */
  readonly exitCode: Promise<number | null>;
  /** Resolves when it is taken, or when the command reads no more: that is no failure. */
  write(data: Uint8Array): Promise<void>;
  end(): void;
  resize(columns: number, rows: number): Promise<void>;
}

export type OnChunk = (fd: 1 | 2, data: Uint8Array) => Promise<void>;

export interface ContainerEngine {
  /** @throws ENGINE_UNAVAILABLE, ENGINE_UNSUITABLE (remote, not Linux, too old) */
  describe(signal: AbortSignal): Promise<EngineDescription>;
  observe(signal: AbortSignal): Promise<EngineObservation>;
  /** Calls `onChange` for each event of our containers and networks (start, die, disconnect...). Ends when the engine's stream ends. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;

  /** Null where it is not on the disk. Finds by our own tag, by engine id, or by digest. */
  findImage(request: PullRequest): Promise<ImageFacts | null>;
  /** Compares layer sizes with free disk first. @throws IMAGE_NOT_FOUND, REGISTRY_*, NO_SPACE, IMAGE_PLATFORM */
  pullImage(
    request: PullRequest,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<ImageFacts>;
  /** Tags the image with `longshore.local/<host>/<app>/<service>:<release>` so that no prune of ours or others' takes it. */
  holdImage(imageId: string, app: AppName, service: string, release: number): Promise<void>;
  /** Our tags: what is held. */
  heldImages(): Promise<readonly HeldImage[]>;
  /** Removes our tag, never by force; the image goes when nothing else names it. */
  releaseImage(held: HeldImage): Promise<void>;

  /** Makes the app's network with this subnet, or adopts the one there is. @returns its name and its real subnet */
  ensureNetwork(app: AppName, subnet: string): Promise<NetworkObservation>;
  removeNetwork(app: AppName): Promise<void>;
  ensureVolume(app: AppName, volume: string, spec: VolumeSpec): Promise<string>;
  /** @param name of an anonymous volume that the app took over, which has no labels; null = what has the app's labels */
  removeVolume(app: AppName, volume: string, name: string | null): Promise<void>;

  /** Creates, does not start; restart policy `no`; on the network under `plan.names` only. Adopts on 409. @returns the engine's id */
  create(plan: InstancePlan): Promise<string>;
  start(instance: InstanceId): Promise<void>;
  /** SIGTERM (or the stop signal), then SIGKILL after `graceMs`. Not running is fine. */
  stop(instance: InstanceId, graceMs: number): Promise<void>;
  /** Not there is fine. Volumes stay, anonymous ones too: they may hold data. */
  remove(instance: InstanceId): Promise<void>;
  /** Changes the restart policy of a living container (`docker update`). */
  setRestart(instance: InstanceId, policy: { readonly name: string; readonly maxAttempts: number }): Promise<void>;
  /** Connects anew under these names and this address, which for a container that runs is the one that it has. */
  setNames(instance: InstanceId, network: string, address: string, names: NetworkNames): Promise<void>;

  exec(instance: InstanceId, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult>;
  openExec(
    instance: InstanceId,
    command: readonly string[],
    options: { readonly tty: boolean; readonly columns: number; readonly rows: number },
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<OutputStream>;
  /**
   * Resolves when the stream ends; while following, with the container's run. @returns the moment that was come to while
   * following, for `after` of the next reading; null where no line came
   */
  readLogs(
    instance: InstanceId,
    options: {
      readonly follow: boolean;
      readonly tail: number | null;
      readonly sinceMs: number | null;
      readonly after?: string | null;
    },
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<string | null>;
}

export interface HeldImage {
  readonly app: AppName;
  readonly service: string;
  readonly release: number;
  readonly imageId: string;
  readonly createdAtMs: number;
}
