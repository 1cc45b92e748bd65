/** Schema of the resolved app spec (`fleet/app-spec.ts`), strict: a key that we do not know is an error. */
import { z } from 'zod';
import type {
  AppSpec,
  GatePolicy,
  HealthcheckOverrides,
  HostSelector,
  ImageSpec,
  IngressRoute,
  MountSpec,
  ProbeCheck,
  ProbeSpec,
  ResourceSpec,
  ServiceSpec,
  VolumeSpec,
} from '../fleet/app-spec.ts';
import type { MaintenanceWindow, RolloutPolicy, SchedulePolicy, WaveSize } from '../fleet/rollout-policy.ts';
import {
  appNameSchema,
  countSchema,
  digestSchema,
  durationSchema,
  portSchema,
  serviceNameSchema,
  stringRecord,
} from './scalars.ts';

const strings = z.array(z.string());
const absolutePath = z.string().startsWith('/', 'must be an absolute path');

const imageSchema: z.ZodType<ImageSpec> = z
  .strictObject({
    reference: z.string().min(1).max(512),
    digest: digestSchema.nullable(),
    pull: z.enum(['always', 'if-missing']),
    platform: z.string().nullable(),
  })
  .meta({ id: 'ImageSpec' });

const mountSchema: z.ZodType<MountSpec> = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('volume'), volume: z.string(), target: absolutePath, readOnly: z.boolean() })
      .meta({ id: 'VolumeMount' }),
    z
      .strictObject({
        kind: z.literal('bind'),
        source: absolutePath,
        target: absolutePath,
        readOnly: z.boolean(),
        createSource: z.boolean(),
      })
      .meta({ id: 'BindMount' }),
    z
      .strictObject({
        kind: z.literal('tmpfs'),
        target: absolutePath,
        sizeBytes: countSchema.nullable(),
        mode: countSchema.nullable(),
      })
      .meta({ id: 'TmpfsMount' }),
  ])
  .meta({ id: 'MountSpec' });

const probeTimes = {
  intervalMs: durationSchema.min(10),
  timeoutMs: durationSchema.min(1),
  retries: countSchema.min(1),
  startPeriodMs: durationSchema,
  startIntervalMs: durationSchema.min(10),
};

const overridesSchema: z.ZodType<HealthcheckOverrides> = z
  .strictObject({
    intervalMs: probeTimes.intervalMs.exactOptional(),
    timeoutMs: probeTimes.timeoutMs.exactOptional(),
    retries: probeTimes.retries.exactOptional(),
    startPeriodMs: probeTimes.startPeriodMs.exactOptional(),
    startIntervalMs: probeTimes.startIntervalMs.exactOptional(),
  })
  .meta({ id: 'HealthcheckOverrides' });

const probeCheckSchema: z.ZodType<ProbeCheck> = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('http'),
        port: portSchema,
        path: z.string().startsWith('/'),
        host: z.string().nullable(),
        scheme: z.enum(['http', 'https']),
      })
      .meta({ id: 'HttpProbe' }),
    z.strictObject({ kind: z.literal('tcp'), port: portSchema }).meta({ id: 'TcpProbe' }),
    z.strictObject({ kind: z.literal('exec'), command: strings.min(1) }).meta({ id: 'ExecProbe' }),
    z.strictObject({ kind: z.literal('image'), overrides: overridesSchema.exactOptional() }).meta({ id: 'ImageProbe' }),
    z.strictObject({ kind: z.literal('none') }).meta({ id: 'NoProbe' }),
  ])
  .meta({ id: 'ProbeCheck' });

const probeSchema: z.ZodType<ProbeSpec> = z
  .strictObject({
    check: probeCheckSchema,
    ...probeTimes,
  })
  .meta({ id: 'ProbeSpec' });

const gateSchema: z.ZodType<GatePolicy> = z
  .strictObject({
    minHealthyMs: durationSchema,
    healthyDeadlineMs: durationSchema,
    progressDeadlineMs: durationSchema,
  })
  .meta({ id: 'GatePolicy' });

const resourceSchema: z.ZodType<ResourceSpec> = z
  .strictObject({
    cpus: z.number().positive().nullable(),
    memoryBytes: countSchema.nullable(),
    memoryReservationBytes: countSchema.nullable(),
    pids: countSchema.nullable(),
  })
  .meta({ id: 'ResourceSpec' });

const ingressSchema: z.ZodType<IngressRoute> = z
  .strictObject({
    host: z.string().min(1).max(253),
    path: z.string().startsWith('/'),
    port: portSchema,
    tls: z.enum(['auto', 'internal', 'off']),
    weight: z.number().int().min(0).max(1000),
    stripPrefix: z.boolean(),
    shared: z.boolean().optional(),
  })
  .meta({ id: 'IngressRoute' });

const fileUse = { uid: countSchema.nullable(), gid: countSchema.nullable(), mode: countSchema.nullable() };

const serviceSchema: z.ZodType<ServiceSpec> = z
  .strictObject({
    image: imageSchema,
    command: strings.nullable(),
    entrypoint: strings.nullable(),
    environment: stringRecord,
    labels: stringRecord,
    ports: z.array(
      z
        .strictObject({
          container: portSchema,
          host: portSchema.nullable(),
          hostIp: z.string().nullable(),
          protocol: z.enum(['tcp', 'udp']),
        })
        .meta({ id: 'PublishedPort' }),
    ),
    expose: z.array(portSchema),
    mounts: z.array(mountSchema),
    secrets: z.array(
      z
        .strictObject({ secret: z.string(), as: z.enum(['file', 'environment']), target: z.string(), ...fileUse })
        .meta({ id: 'SecretUse' }),
    ),
    configs: z.array(
      z.strictObject({ config: z.string(), target: absolutePath, ...fileUse }).meta({ id: 'ConfigUse' }),
    ),
    dependsOn: z.record(z.string(), z.enum(['started', 'healthy', 'completed'])),
    aliases: strings,
    networkMode: z.enum(['app', 'host', 'none']),
    probe: probeSchema,
    gate: gateSchema,
    restart: z
      .strictObject({ name: z.enum(['no', 'always', 'on-failure', 'unless-stopped']), maxAttempts: countSchema })
      .meta({ id: 'RestartPolicy' }),
    stopGraceMs: durationSchema,
    stopSignal: z.string().nullable(),
    user: z.string().nullable(),
    workingDir: z.string().nullable(),
    hostname: z.string().nullable(),
    domainname: z.string().nullable(),
    readOnly: z.boolean(),
    privileged: z.boolean(),
    init: z.boolean(),
    tty: z.boolean(),
    stdinOpen: z.boolean(),
    capAdd: strings,
    capDrop: strings,
    groupAdd: strings,
    securityOpt: strings,
    ulimits: z.array(
      z.strictObject({ name: z.string(), soft: z.number().int(), hard: z.number().int() }).meta({ id: 'Ulimit' }),
    ),
    sysctls: stringRecord,
    extraHosts: strings,
    dns: strings,
    devices: strings,
    shmBytes: countSchema.nullable(),
    pidMode: z.string().nullable(),
    ipcMode: z.string().nullable(),
    logging: z.strictObject({ driver: z.string(), options: stringRecord }).meta({ id: 'LoggingSpec' }).nullable(),
    resources: resourceSchema,
    replicas: countSchema.nullable(),
    constraints: z.array(
      z
        .strictObject({ attribute: z.string(), operator: z.enum(['==', '!=']), value: z.string() })
        .meta({ id: 'PlacementConstraint' }),
    ),
    order: z.enum(['start-first', 'stop-first']),
    orderStated: z.literal(true).optional(),
    ingress: z.array(ingressSchema),
    run: z.enum(['always']).optional(),
    once: z.enum(['deployment']).optional(),
    metadata: z.enum(['deny', 'allow']),
  })
  .meta({ id: 'ServiceSpec' });

const volumeSchema: z.ZodType<VolumeSpec> = z
  .strictObject({
    external: z.boolean(),
    name: z.string().nullable(),
    driver: z.string().nullable(),
    driverOpts: stringRecord,
    labels: stringRecord,
  })
  .meta({ id: 'VolumeSpec' });

const hostSelectorSchema: z.ZodType<HostSelector> = z
  .strictObject({
    labels: z.record(z.string(), strings),
    pools: strings,
    names: strings,
  })
  .meta({ id: 'HostSelector' });

const waveSchema: z.ZodType<WaveSize> = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('count'), hosts: countSchema.min(1) }).meta({ id: 'WaveOfCount' }),
    z.strictObject({ kind: z.literal('percent'), percent: z.number().gt(0).max(100) }).meta({ id: 'WaveOfPercent' }),
    z.strictObject({ kind: z.literal('every'), hosts: countSchema }).meta({ id: 'WavesOfCount' }),
  ])
  .meta({ id: 'WaveSize' });

const rolloutSchema: z.ZodType<RolloutPolicy> = z
  .strictObject({
    waves: z.array(waveSchema).min(1),
    monitorMs: durationSchema,
    delayMs: durationSchema,
    maxFailureRatio: z.number().min(0).max(1),
    failureAction: z.enum(['rollback', 'pause', 'continue']),
    deadlineMs: durationSchema.min(1),
    rollbackParallelism: countSchema,
  })
  .meta({ id: 'RolloutPolicy' });

const windowSchema: z.ZodType<MaintenanceWindow> = z
  .strictObject({
    days: z.array(z.number().int().min(0).max(6)),
    fromMinute: z.number().int().min(0).max(1439),
    toMinute: z.number().int().min(0).max(1439),
  })
  .meta({ id: 'MaintenanceWindow' });

const scheduleSchema: z.ZodType<SchedulePolicy> = z
  .strictObject({
    cron: z.string().min(1).max(120),
    timeZone: z.string().min(1).max(64),
    splayMs: durationSchema,
    window: windowSchema.nullable(),
  })
  .meta({ id: 'SchedulePolicy' });

export const appSpecSchema: z.ZodType<AppSpec> = z
  .strictObject({
    name: appNameSchema,
    services: z.record(serviceNameSchema as unknown as z.ZodString, serviceSchema),
    volumes: z.record(z.string(), volumeSchema),
    configs: z.record(z.string(), z.strictObject({ content: z.string().max(1_048_576) }).meta({ id: 'ConfigSpec' })),
    secrets: z.record(z.string(), z.strictObject({ name: z.string() }).meta({ id: 'SecretSpec' })),
    hosts: hostSelectorSchema,
    rollout: rolloutSchema,
    schedule: scheduleSchema.nullable(),
    offline: z.enum(['keep', 'update']),
    volumeScope: z.enum(['single', 'per-host']),
    require: z.literal('all').optional(),
    recreateVolumes: z.array(z.string().max(1_024)).max(100).optional(),
  })
  .meta({ id: 'AppSpec' });
