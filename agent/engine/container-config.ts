/**
 * An instance's plan as the body of Docker's create call. Pure, and asserted as exact output: this is the one place
 * that says how a field of the app file becomes a setting of the engine.
 *
 * Always so: restart policy `no` (a candidate must not come back by itself before its commit), no random address,
 * only the names of the plan, no MAC address of ours, read-only files for secrets and configs.
 */
import type { MountSpec, PortSpec, ProbeSpec } from '../../fleet/app-spec.ts';
import type { InstancePlan, NetworkNames } from './container-engine.ts';
import { toEndpointNames } from './endpoint-names.ts';
import { containerName } from './engine-names.ts';
import { labelsOfInstance } from './engine-labels.ts';
import type {
  ContainerBody,
  DeviceMapping,
  EndpointConfig,
  HealthcheckConfig,
  MountConfig,
  PortBinding,
} from './container-body.ts';

/** What the negotiated API version allows. */
export interface EngineFeatures {
  /** `StartInterval` of a health check: API 1.44. */
  readonly startInterval: boolean;
}

const NANOSECONDS_PER_MS = 1_000_000;
const NANOCPUS_PER_CPU = 1_000_000_000;

export function containerConfig(plan: InstancePlan, features: EngineFeatures): ContainerBody {
  const spec = plan.service.spec;
  return withoutUndefined({
    name: containerName(plan.host, plan.instance),
    platform: spec.image.platform ?? undefined,
    Image: plan.imageId,
    Cmd: spec.command ?? undefined,
    Entrypoint: spec.entrypoint ?? undefined,
    Env: environmentOf(plan),
    Labels: labelsOfInstance(plan),
    ExposedPorts: exposedPorts(spec.ports, spec.expose),
    Healthcheck: healthcheckOf(spec.probe, spec.gate.healthyDeadlineMs, features),
    StopTimeout: Math.ceil(spec.stopGraceMs / 1000),
    StopSignal: spec.stopSignal ?? undefined,
    User: spec.user ?? undefined,
    WorkingDir: spec.workingDir ?? undefined,
    Hostname: spec.hostname ?? undefined,
    Domainname: spec.domainname ?? undefined,
    Tty: spec.tty,
    OpenStdin: spec.stdinOpen,
    HostConfig: withoutUndefined({
      NetworkMode: networkModeOf(plan),
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      PortBindings: portBindings(spec.ports),
      Binds: spec.mounts.flatMap(toBind),
      Mounts: [
        ...spec.mounts.flatMap((mount) => toMount(mount, plan)),
        ...Object.entries(plan.imageVolumes).map(([path, name]): MountConfig => ({
          Type: 'volume',
          Source: name,
          Target: path,
          ReadOnly: false,
        })),
        ...plan.files.map((file): MountConfig => ({
          Type: 'bind',
          Source: file.source,
          Target: file.target,
          ReadOnly: true,
        })),
      ],
      ReadonlyRootfs: spec.readOnly,
      Privileged: spec.privileged,
      Init: spec.init,
      CapAdd: spec.capAdd,
      CapDrop: spec.capDrop,
      GroupAdd: spec.groupAdd,
      SecurityOpt: spec.securityOpt,
      Ulimits: spec.ulimits.map((limit) => ({ Name: limit.name, Soft: limit.soft, Hard: limit.hard })),
      Sysctls: spec.sysctls,
      ExtraHosts: spec.extraHosts,
      Dns: spec.dns,
      Devices: spec.devices.map(toDevice),
      ShmSize: spec.shmBytes ?? undefined,
      PidMode: spec.pidMode ?? undefined,
      IpcMode: spec.ipcMode ?? undefined,
      LogConfig: spec.logging === null ? undefined : { Type: spec.logging.driver, Config: spec.logging.options },
      NanoCpus: spec.resources.cpus === null ? undefined : Math.round(spec.resources.cpus * NANOCPUS_PER_CPU),
      Memory: spec.resources.memoryBytes ?? undefined,
      MemoryReservation: spec.resources.memoryReservationBytes ?? undefined,
      PidsLimit: spec.resources.pids ?? undefined,
    }),
    NetworkingConfig:
      plan.network === null
        ? undefined
        : { EndpointsConfig: { [plan.network]: endpointConfig(plan.address, plan.names) } },
  });
}

/** An instance's place on the app's network; also what it is connected again with. */
export function endpointConfig(address: string | null, names: NetworkNames): EndpointConfig {
  return { ...(address === null ? {} : { IPAMConfig: { IPv4Address: address } }), ...toEndpointNames(names) };
}

function networkModeOf(plan: InstancePlan): string {
  const mode = plan.service.spec.networkMode;
  if (mode !== 'app') return mode;
  if (plan.network === null) throw new Error(`instance ${plan.instance} of ${plan.app} has no network in its plan`);
  return plan.network;
}

/** Sorted, so that the same plan makes the same container. Secrets win over a plain variable of the same name. */
function environmentOf(plan: InstancePlan): readonly string[] {
  const variables = { ...plan.service.spec.environment, ...plan.secretEnvironment };
  return Object.keys(variables)
    .sort()
    .map((name) => `${name}=${variables[name] ?? ''}`);
}

function exposedPorts(
  ports: readonly PortSpec[],
  expose: readonly number[],
): Readonly<Record<string, Readonly<Record<string, never>>>> {
  const names = [...ports.map(portName), ...expose.map((port) => `${port}/tcp`)];
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function portBindings(ports: readonly PortSpec[]): Readonly<Record<string, readonly PortBinding[]>> {
  const bindings: Record<string, PortBinding[]> = {};
  for (const port of ports) {
    // An empty host port makes Docker choose one.
    const binding = { HostIp: port.hostIp ?? '', HostPort: port.host === null ? '' : String(port.host) };
    (bindings[portName(port)] ??= []).push(binding);
  }
  return bindings;
}

function portName(port: PortSpec): string {
  return `${port.container}/${port.protocol}`;
}

type BindMount = Extract<MountSpec, { readonly kind: 'bind' }>;

/** Only a bind by the old syntax makes a missing source; `Mounts` learned it in API 1.42. */
function makesSource(mount: BindMount): boolean {
  return mount.createSource && !`${mount.source}${mount.target}`.includes(':');
}

function toBind(mount: MountSpec): readonly string[] {
  if (mount.kind !== 'bind' || !makesSource(mount)) return [];
  return [`${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`];
}

function toMount(mount: MountSpec, plan: InstancePlan): readonly MountConfig[] {
  switch (mount.kind) {
    case 'volume': {
      const name = plan.volumes[mount.volume];
      if (name === undefined) throw new Error(`instance ${plan.instance} has no volume ${mount.volume} in its plan`);
      return [{ Type: 'volume', Source: name, Target: mount.target, ReadOnly: mount.readOnly }];
    }
    case 'bind':
      if (makesSource(mount)) return [];
      return [{ Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly }];
    case 'tmpfs': {
      const options = withoutUndefined({ SizeBytes: mount.sizeBytes ?? undefined, Mode: mount.mode ?? undefined });
      return [{ Type: 'tmpfs', Target: mount.target, TmpfsOptions: options }];
    }
  }
}

/** `/dev/a`, `/dev/a:/dev/b` or `/dev/a:/dev/b:rwm`. */
function toDevice(device: string): DeviceMapping {
  const [onHost = '', inContainer = onHost, permissions = 'rwm'] = device.split(':');
  return { PathOnHost: onHost, PathInContainer: inContainer, CgroupPermissions: permissions };
}

/**
 * The agent probes by itself, so the image's own check is switched off beside it: two judges would disagree. For the
 * check kind `image` the engine runs the image's test (an absent `Test` inherits it, and so does each absent number),
 * quickly at first where it can.
 */
function healthcheckOf(probe: ProbeSpec, healthyDeadlineMs: number, features: EngineFeatures): HealthcheckConfig {
  if (probe.check.kind !== 'image') return { Test: ['NONE'] };
  const { intervalMs, timeoutMs, retries, startPeriodMs } = probe.check.overrides ?? {};
  const stated = { Interval: nanoseconds(intervalMs), Timeout: nanoseconds(timeoutMs), Retries: retries };
  if (!features.startInterval) return withoutUndefined({ ...stated, StartPeriod: nanoseconds(startPeriodMs) });
  return withoutUndefined({
    ...stated,
    StartInterval: nanoseconds(probe.startIntervalMs),
    StartPeriod: nanoseconds(Math.max(probe.startPeriodMs, healthyDeadlineMs)),
  });
}

/** Docker reads 0 as "not set", so the shortest start period there is stands for none. */
function nanoseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.max(1, ms) * NANOSECONDS_PER_MS;
}

type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** Docker reads an absent field as "the image's own or the default"; `undefined` never reaches the wire. */
function withoutUndefined<T extends object>(body: T): Partial<Defined<T>> & Defined<Pick<T, RequiredKeys<T>>> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<Defined<T>> &
    Defined<Pick<T, RequiredKeys<T>>>;
}

type RequiredKeys<T> = { [K in keyof T]: undefined extends T[K] ? never : K }[keyof T];
