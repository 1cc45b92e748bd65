/** The parts of Docker's create call that we use, as the Engine API names them. */

export interface ContainerBody {
  readonly name: string;
  readonly platform?: string;
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly Healthcheck: HealthcheckConfig;
  /** Seconds; used when somebody else stops it (an operator, the engine's shutdown). */
  readonly StopTimeout: number;
  readonly StopSignal?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly HostConfig: HostConfig;
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, EndpointConfig>> };
}

export interface HostConfig {
  readonly NetworkMode: string;
  readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly PortBindings: Readonly<Record<string, readonly PortBinding[]>>;
  readonly Binds: readonly string[];
  readonly Mounts: readonly MountConfig[];
  readonly ReadonlyRootfs: boolean;
  readonly Privileged: boolean;
  readonly Init: boolean;
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
  readonly GroupAdd: readonly string[];
  readonly SecurityOpt: readonly string[];
  readonly Ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly Sysctls: Readonly<Record<string, string>>;
  readonly ExtraHosts: readonly string[];
  readonly Dns: readonly string[];
  readonly Devices: readonly DeviceMapping[];
  readonly ShmSize?: number;
  readonly PidMode?: string;
  readonly IpcMode?: string;
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly NanoCpus?: number;
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly PidsLimit?: number;
}

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

export type MountConfig =
  | {
      readonly Type: 'bind' | 'volume';
      readonly Source: string;
      readonly Target: string;
      readonly ReadOnly: boolean;
    }
  | {
      readonly Type: 'tmpfs';
      readonly Target: string;
      readonly TmpfsOptions: { readonly SizeBytes?: number; readonly Mode?: number };
    };

export interface DeviceMapping {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  readonly CgroupPermissions: string;
}

/** Nanoseconds. An absent `Test` keeps the image's own. */
export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly Retries?: number;
  readonly StartInterval?: number;
  readonly StartPeriod?: number;
}

export interface EndpointConfig {
  readonly IPAMConfig?: { readonly IPv4Address: string };
  readonly Aliases: readonly string[];
  readonly Links?: readonly string[];
}
