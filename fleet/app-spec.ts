/**
 * The resolved app file: what `compose/` makes of compose.yaml and what the coordinator stores in a release.
 * It is total: every field is present, defaults are already applied, `null` means "not set". Durations are
 * milliseconds, sizes bytes, CPU shares cores. Nothing here refers to a file of the client's machine.
 */
import type { AppName, Digest } from './ids.ts';
import type { RolloutPolicy, SchedulePolicy } from './rollout-policy.ts';

export interface AppSpec {
  readonly name: AppName;
  /** Keyed by service name. At least one. */
  readonly services: Readonly<Record<string, ServiceSpec>>;
  /** Named volumes, keyed by their name in the file. */
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** Config files with their content inside (UTF-8), keyed by name. */
  readonly configs: Readonly<Record<string, ConfigSpec>>;
  /** Secrets that the coordinator keeps, keyed by their name in the file. */
  readonly secrets: Readonly<Record<string, SecretSpec>>;
  readonly hosts: HostSelector;
  readonly rollout: RolloutPolicy;
  readonly schedule: SchedulePolicy | null;
  /** What a host may do by itself after an hour without the coordinator. */
  readonly offline: 'keep' | 'update';
  /** `per-host`: the same named volume on several hosts is meant (each has its own data). */
  readonly volumeScope: 'single' | 'per-host';
  /** `all`: who follows a deployment counts it as failed while a host is without it. Absent = hosts that are away may come to it later. */
  readonly require?: 'all' | undefined;
  /** Volumes that this release may make anew, empty, where somebody deleted them; asked for at deploy. Absent = none. */
  readonly recreateVolumes?: readonly string[] | undefined;
}

export interface ServiceSpec {
  readonly image: ImageSpec;
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PortSpec[];
  readonly expose: readonly number[];
  readonly mounts: readonly MountSpec[];
  readonly secrets: readonly SecretUse[];
  readonly configs: readonly ConfigUse[];
  readonly dependsOn: Readonly<Record<string, DependencyCondition>>;
  /** Further names on the app's network besides the service's own. */
  readonly aliases: readonly string[];
  readonly networkMode: 'app' | 'host' | 'none';
  readonly probe: ProbeSpec;
  readonly gate: GatePolicy;
  readonly restart: RestartPolicy;
  readonly stopGraceMs: number;
  readonly stopSignal: string | null;
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly hostname: string | null;
  readonly domainname: string | null;
  readonly readOnly: boolean;
  readonly privileged: boolean;
  readonly init: boolean;
  readonly tty: boolean;
  readonly stdinOpen: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly groupAdd: readonly string[];
  readonly securityOpt: readonly string[];
  readonly ulimits: readonly UlimitSpec[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly devices: readonly string[];
  readonly shmBytes: number | null;
  readonly pidMode: string | null;
  readonly ipcMode: string | null;
  readonly logging: LoggingSpec | null;
  readonly resources: ResourceSpec;
  /** Total over the selected hosts; null = one on every selected host. */
  readonly replicas: number | null;
  /** Compose `deploy.placement.constraints`, already parsed. */
  readonly constraints: readonly PlacementConstraint[];
  readonly order: 'start-first' | 'stop-first';
  /** The file itself asks for start-first: a volume that the image declares does not change it. Absent otherwise. */
  readonly orderStated?: true | undefined;
  readonly ingress: readonly IngressRoute[];
  /** Of a one-shot, left out by default: it runs with every deployment, and on the way back to an older release too. */
  readonly run?: 'always' | undefined;
  /** A one-shot that runs on one host for a whole deployment, before its first wave. */
  readonly once?: 'deployment' | undefined;
  /** `allow` opens the cloud's metadata server to this service. */
  readonly metadata: 'deny' | 'allow';
}

export interface ImageSpec {
  /** As written, with registry and tag: `127.0.0.1:5000/wordcount:3`. */
  readonly reference: string;
  /** Pinned top-level digest; null until the release is made. */
  readonly digest: Digest | null;
  /** `always` asks the registry at each release; `if-missing` trusts what the host has under this digest. */
  readonly pull: 'always' | 'if-missing';
  /** For example `linux/arm64`; null = the host's own. */
  readonly platform: string | null;
}

export interface PortSpec {
  readonly container: number;
  /** Fixed host port, or null for one that Docker chooses. A fixed one implies stop-first. */
  readonly host: number | null;
  readonly hostIp: string | null;
  readonly protocol: 'tcp' | 'udp';
}

export type MountSpec =
  | { readonly kind: 'volume'; readonly volume: string; readonly target: string; readonly readOnly: boolean }
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly createSource: boolean;
    }
  | {
      readonly kind: 'tmpfs';
      readonly target: string;
      readonly sizeBytes: number | null;
      readonly mode: number | null;
    };

export interface VolumeSpec {
  /** Exists already on the host under `name` and is neither made nor removed by us. */
  readonly external: boolean;
  /** Name on the engine where the file states one; null = ours, made of host, app and volume. */
  readonly name: string | null;
  readonly driver: string | null;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ConfigSpec {
  readonly content: string;
}

export interface SecretSpec {
  /** Name in the coordinator's secret store, within the app. */
  readonly name: string;
}

export interface SecretUse {
  readonly secret: string;
  /** `file`: mounted read-only at `target`; `environment`: variable `target` (must be asked for; `docker inspect` shows it). */
  readonly as: 'file' | 'environment';
  readonly target: string;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

export interface ConfigUse {
  readonly config: string;
  readonly target: string;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

export type DependencyCondition = 'started' | 'healthy' | 'completed';

/** How the agent finds out that an instance works. */
export type ProbeCheck =
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly host: string | null;
      readonly scheme: 'http' | 'https';
    }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** The image's own HEALTHCHECK where it has one; otherwise running counts. */
  | {
      readonly kind: 'image';
      /** What the file states in place of the image's own values; absent = nothing. */
      readonly overrides?: HealthcheckOverrides;
    }
  /** Asked for by `healthcheck: disable`: running counts. */
  | { readonly kind: 'none' };

export interface ProbeSpec {
  readonly check: ProbeCheck;
  /** Between two probes of an instance that has passed its gate. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make a healthy instance unhealthy. */
  readonly retries: number;
  /** Failures inside it do not count. */
  readonly startPeriodMs: number;
  /** Between two probes before the gate (100 ms by default). */
  readonly startIntervalMs: number;
}

/** Only what the file states: for the rest the image's own values count, not our defaults. */
export type HealthcheckOverrides = Partial<Omit<ProbeSpec, 'check'>>;

export interface GatePolicy {
  /** So long healthy without a break before traffic moves. */
  readonly minHealthyMs: number;
  /** Healthy within so long after its start, or the attempt has failed. */
  readonly healthyDeadlineMs: number;
  /** The whole attempt on one host, pulls and retries included. */
  readonly progressDeadlineMs: number;
}

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** Only with `on-failure`; 0 = without limit. */
  readonly maxAttempts: number;
}

export interface UlimitSpec {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface LoggingSpec {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface ResourceSpec {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly memoryReservationBytes: number | null;
  readonly pids: number | null;
}

export interface PlacementConstraint {
  /** `node.labels.x` and `node.hostname` of Compose become `labels.x` and `name`; `pool` and `arch` exist too. */
  readonly attribute: string;
  readonly operator: '==' | '!=';
  readonly value: string;
}

export interface HostSelector {
  /** All must match; an empty record selects every host. A list means any of its values. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly pools: readonly string[];
  readonly names: readonly string[];
}

export interface IngressRoute {
  /** Lower-case host name, `*.name`, or `*` = any host that no other route of the host names. */
  readonly host: string;
  /** Prefix, starting with `/`. */
  readonly path: string;
  /** Container port. */
  readonly port: number;
  readonly tls: 'auto' | 'internal' | 'off';
  /** Share among the services that take the same host and path. */
  readonly weight: number;
  /** Take the prefix off before passing on. */
  readonly stripPrefix: boolean;
  /**
   * Other apps on the same host may have this host and path too, if they say so as well. Present only where true, so that
   * releases from before this key stay equal.
   */
  readonly shared?: boolean | undefined;
}
