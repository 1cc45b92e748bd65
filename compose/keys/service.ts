/** One service of the file to its resolved spec, with what the app as a whole needs to know besides. */
import type { GatePolicy, RestartPolicy, ServiceSpec } from '../../fleet/app-spec.ts';
import { DEFAULT_STOP_GRACE_MS } from '../defaults.ts';
import { type BuildSpec, readBuild } from './build.ts';
import { readCommand } from './command.ts';
import { readConfigUses } from './configs.ts';
import { type Dependency, readDependencies } from './depends-on.ts';
import { type Deploy, readDeploy } from './deploy.ts';
import { readEnvironment } from './environment.ts';
import { readProbe } from './healthcheck.ts';
import { readImage } from './image.ts';
import { type Fields, fields } from './key-table.ts';
import { type LongshoreService, readLongshoreService } from './longshore-service.ts';
import { readMounts, readTmpfs } from './mounts.ts';
import { readAttachment } from './networks.ts';
import { readTextMap } from './pairs.ts';
import { readExpose, readPorts } from './ports.ts';
import { namespaceMode, readDevices, readDns, readExtraHosts, readLogging, readUlimits } from './process-options.ts';
import {
  type Cursor,
  failKey,
  readBoolean,
  readDuration,
  readIf,
  readOr,
  readSize,
  readTextIfFilled,
  readTexts,
  warn,
} from './read.ts';
import { readResources } from './resources.ts';
import { readRestart } from './restart.ts';
import type { RolloutStatement } from './rollout-statement.ts';
import { readSecretUses } from './secrets.ts';
import { SERVICE_KEYS } from './service-keys.ts';
import type { Surroundings } from './surroundings.ts';

export interface ReadService {
  readonly name: string;
  /** `dependsOn` is still empty and `restart` provisional: both depend on the other services. */
  readonly spec: ServiceSpec;
  readonly dependencies: readonly Dependency[];
  readonly restart: RestartPolicy | null;
  /** The file says when it runs to its end. */
  readonly isOneShot: boolean;
  readonly rollout: RolloutStatement;
  readonly build: BuildSpec | null;
  /** Name of the network it is on; null = none. */
  readonly network: string | null;
  readonly cursor: Cursor;
}

export interface AppContext {
  readonly around: Surroundings;
  readonly gate: GatePolicy;
  readonly networks: readonly string[];
}

type Given = Fields<typeof SERVICE_KEYS>;

export function readService(name: string, cursor: Cursor, app: AppContext): ReadService {
  const given = fields(cursor, SERVICE_KEYS);
  const deploy = readDeploy(given.deploy, given.scale);
  const longshore = readLongshoreService(given['x-longshore'], app.gate);
  const image = readImage({ image: given.image, pullPolicy: given.pull_policy, platform: given.platform });
  if (given.image === undefined && given.build === undefined) failKey(cursor, 'the "image" is missing');
  const build =
    given.build === undefined
      ? null
      : readBuild(given.build, {
          service: name,
          image: given.image === undefined ? '' : image.reference,
          platform: image.platform,
          around: app.around,
        });
  const attachment = readAttachment({ networks: given.networks, networkMode: given.network_mode }, app.networks);
  const restart = readRestart(given.restart, deploy.restartPolicy);
  const spec: ServiceSpec = {
    image,
    ...readWhatRuns(given, app.around),
    ...readWhatIsAttached(given, longshore),
    ...readHowItRuns(given),
    ...readIsolation(given),
    dependsOn: {},
    aliases: attachment.aliases,
    networkMode: attachment.networkMode,
    probe: readProbe(given.healthcheck, longshore.health),
    gate: longshore.gate,
    restart: restart ?? { name: 'unless-stopped', maxAttempts: 0 },
    resources: readResources({
      resources: deploy.resources,
      memLimit: given.mem_limit,
      memReservation: given.mem_reservation,
      cpus: given.cpus,
      pidsLimit: given.pids_limit,
    }),
    replicas: deploy.replicas,
    constraints: deploy.constraints,
    order: 'start-first',
    ingress: longshore.ingress,
    ...(longshore.run === 'always' ? { run: longshore.run } : {}),
    ...(longshore.once === null ? {} : { once: longshore.once }),
    metadata: longshore.metadata,
  };
  warnUnprobed(spec, cursor);
  return {
    name,
    spec: {
      ...spec,
      order: orderOf(spec, deploy),
      ...(deploy.update.order === 'start-first' ? { orderStated: true as const } : {}),
    },
    dependencies: readOr(given.depends_on, readDependencies, []),
    restart,
    isOneShot: longshore.run !== null || longshore.once !== null,
    rollout: deploy.update.rollout,
    build,
    network: attachment.network,
    cursor,
  };
}

/** What two instances cannot have at once (a host port, a volume they write) means stop-first unless the file says. */
function orderOf(spec: ServiceSpec, deploy: Deploy): ServiceSpec['order'] {
  if (deploy.update.order !== null) return deploy.update.order;
  const fixedPort = spec.ports.some((port) => port.host !== null) || spec.networkMode === 'host';
  const writes = spec.mounts.some((mount) => mount.kind === 'volume' && !mount.readOnly);
  return fixedPort || writes ? 'stop-first' : 'start-first';
}

function warnUnprobed(spec: ServiceSpec, cursor: Cursor): void {
  if (spec.ingress.length > 0 && spec.probe.check.kind === 'image')
    warn(
      cursor,
      'takes traffic without a health check in the file: where the image has no HEALTHCHECK, a started container ' +
        'counts as healthy; say x-longshore.health.http: {port, path}',
    );
}

type WhatRuns = 'command' | 'entrypoint' | 'environment' | 'labels' | 'user' | 'workingDir' | 'hostname' | 'domainname';

function readWhatRuns(given: Given, around: Surroundings): Pick<ServiceSpec, WhatRuns> {
  return {
    command: readIf(given.command, readCommand),
    entrypoint: readIf(given.entrypoint, readCommand),
    environment: readEnvironment(given.environment, given.env_file, around),
    labels: readOr(given.labels, readTextMap, {}),
    user: readIf(given.user, readTextIfFilled),
    workingDir: readIf(given.working_dir, readTextIfFilled),
    hostname: readIf(given.hostname, readTextIfFilled),
    domainname: readIf(given.domainname, readTextIfFilled),
  };
}

type Attached = 'ports' | 'expose' | 'mounts' | 'secrets' | 'configs' | 'extraHosts' | 'dns' | 'devices';

function readWhatIsAttached(given: Given, longshore: LongshoreService): Pick<ServiceSpec, Attached> {
  return {
    ports: readOr(given.ports, readPorts, []),
    expose: readOr(given.expose, readExpose, []),
    mounts: [...readOr(given.volumes, readMounts, []), ...readOr(given.tmpfs, readTmpfs, [])],
    secrets: [...readOr(given.secrets, readSecretUses, []), ...longshore.secretVariables],
    configs: readOr(given.configs, readConfigUses, []),
    extraHosts: readOr(given.extra_hosts, readExtraHosts, []),
    dns: readOr(given.dns, readDns, []),
    devices: readOr(given.devices, readDevices, []),
  };
}

type HowItRuns = 'stopGraceMs' | 'stopSignal' | 'init' | 'tty' | 'stdinOpen' | 'logging' | 'shmBytes';

function readHowItRuns(given: Given): Pick<ServiceSpec, HowItRuns> {
  return {
    stopGraceMs: readOr(given.stop_grace_period, readDuration, DEFAULT_STOP_GRACE_MS),
    stopSignal: readIf(given.stop_signal, readTextIfFilled),
    init: readOr(given.init, readBoolean, false),
    tty: readOr(given.tty, readBoolean, false),
    stdinOpen: readOr(given.stdin_open, readBoolean, false),
    logging: readIf(given.logging, readLogging),
    shmBytes: readIf(given.shm_size, readSize),
  };
}

type Isolation =
  | 'readOnly'
  | 'privileged'
  | 'capAdd'
  | 'capDrop'
  | 'groupAdd'
  | 'securityOpt'
  | 'ulimits'
  | 'sysctls'
  | 'pidMode'
  | 'ipcMode';

function readIsolation(given: Given): Pick<ServiceSpec, Isolation> {
  return {
    readOnly: readOr(given.read_only, readBoolean, false),
    privileged: readOr(given.privileged, readBoolean, false),
    capAdd: readOr(given.cap_add, readTexts, []),
    capDrop: readOr(given.cap_drop, readTexts, []),
    groupAdd: readOr(given.group_add, readTexts, []),
    securityOpt: readOr(given.security_opt, readTexts, []),
    ulimits: readOr(given.ulimits, readUlimits, []),
    sysctls: readOr(given.sysctls, readTextMap, {}),
    pidMode: readIf(given.pid, namespaceMode('host')),
    ipcMode: readIf(given.ipc, namespaceMode('host', 'private', 'shareable', 'none')),
  };
}
