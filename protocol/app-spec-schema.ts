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

const imageSchema: z.ZodType<ImageSpec> = z.strictObject({
  reference: z.string().min(1).max(512),
  digest: digestSchema.nullable(),
  pull: z.enum(['always', 'if-missing']),
  platform: z.string().nullable(),
});

const mountSchema: z.ZodType<MountSpec> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('volume'), volume: z.string(), target: absolutePath, readOnly: z.boolean() }),
  z.strictObject({
    kind: z.literal('bind'),
    source: absolutePath,
    target: absolutePath,
    readOnly: z.boolean(),
    createSource: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('tmpfs'),
    target: absolutePath,
    sizeBytes: countSchema.nullable(),
    mode: countSchema.nullable(),
  }),
]);

const probeTimes = {
  intervalMs: durationSchema.min(10),
  timeoutMs: durationSchema.min(1),
  retries: countSchema.min(1),
  startPeriodMs: durationSchema,
  startIntervalMs: durationSchema.min(10),
};

const overridesSchema: z.ZodType<HealthcheckOverrides> = z.strictObject({
  intervalMs: probeTimes.intervalMs.exactOptional(),
  timeoutMs: probeTimes.timeoutMs.exactOptional(),
  retries: probeTimes.retries.exactOptional(),
  startPeriodMs: probeTimes.startPeriodMs.exactOptional(),
  startIntervalMs: probeTimes.startIntervalMs.exactOptional(),
});

const probeCheckSchema: z.ZodType<ProbeCheck> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http'),
    port: portSchema,
    path: z.string().startsWith('/'),
    host: z.string().nullable(),
    scheme: z.enum(['http', 'https']),
  }),
  z.strictObject({ kind: z.literal('tcp'), port: portSchema }),
  z.strictObject({ kind: z.literal('exec'), command: strings.min(1) }),
  z.strictObject({ kind: z.literal('image'), overrides: overridesSchema.exactOptional() }),
  z.strictObject({ kind: z.literal('none') }),
]);

const probeSchema: z.ZodType<ProbeSpec> = z.strictObject({
  check: probeCheckSchema,
  ...probeTimes,
});

const gateSchema: z.ZodType<GatePolicy> = z.strictObject({
  minHealthyMs: durationSchema,
  healthyDeadlineMs: durationSchema,
  progressDeadlineMs: durationSchema,
});

const resourceSchema: z.ZodType<ResourceSpec> = z.strictObject({
  cpus: z.number().positive().nullable(),
  memoryBytes: countSchema.nullable(),
  memoryReservationBytes: countSchema.nullable(),
  pids: countSchema.nullable(),
});

const ingressSchema: z.ZodType<IngressRoute> = z.strictObject({
  host: z.string().min(1).max(253),
  path: z.string().startsWith('/'),
  port: portSchema,
  tls: z.enum(['auto', 'internal', 'off']),
  weight: z.number().int().min(0).max(1000),
  stripPrefix: z.boolean(),
  shared: z.boolean().optional(),
});

const fileUse = { uid: countSchema.nullable(), gid: countSchema.nullable(), mode: countSchema.nullable() };

const serviceSchema: z.ZodType<ServiceSpec> = z.strictObject({
  image: imageSchema,
  command: strings.nullable(),
  entrypoint: strings.nullable(),
  environment: stringRecord,
  labels: stringRecord,
  ports: z.array(
    z.strictObject({
      container: portSchema,
      host: portSchema.nullable(),
      hostIp: z.string().nullable(),
      protocol: z.enum(['tcp', 'udp']),
    }),
  ),
  expose: z.array(portSchema),
  mounts: z.array(mountSchema),
  secrets: z.array(
    z.strictObject({ secret: z.string(), as: z.enum(['file', 'environment']), target: z.string(), ...fileUse }),
  ),
  configs: z.array(z.strictObject({ config: z.string(), target: absolutePath, ...fileUse })),
  dependsOn: z.record(z.string(), z.enum(['started', 'healthy', 'completed'])),
  aliases: strings,
  networkMode: z.enum(['app', 'host', 'none']),
  probe: probeSchema,
  gate: gateSchema,
  restart: z.strictObject({ name: z.enum(['no', 'always', 'on-failure', 'unless-stopped']), maxAttempts: countSchema }),
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
  ulimits: z.array(z.strictObject({ name: z.string(), soft: z.number().int(), hard: z.number().int() })),
  sysctls: stringRecord,
  extraHosts: strings,
  dns: strings,
  devices: strings,
  shmBytes: countSchema.nullable(),
  pidMode: z.string().nullable(),
  ipcMode: z.string().nullable(),
  logging: z.strictObject({ driver: z.string(), options: stringRecord }).nullable(),
  resources: resourceSchema,
  replicas: countSchema.nullable(),
  constraints: z.array(z.strictObject({ attribute: z.string(), operator: z.enum(['==', '!=']), value: z.string() })),
  order: z.enum(['start-first', 'stop-first']),
  orderStated: z.literal(true).optional(),
  ingress: z.array(ingressSchema),
  run: z.enum(['always']).optional(),
  once: z.enum(['deployment']).optional(),
  metadata: z.enum(['deny', 'allow']),
});

const volumeSchema: z.ZodType<VolumeSpec> = z.strictObject({
  external: z.boolean(),
  name: z.string().nullable(),
  driver: z.string().nullable(),
  driverOpts: stringRecord,
  labels: stringRecord,
});

const hostSelectorSchema: z.ZodType<HostSelector> = z.strictObject({
  labels: z.record(z.string(), strings),
  pools: strings,
  names: strings,
});

const waveSchema: z.ZodType<WaveSize> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('count'), hosts: countSchema.min(1) }),
  z.strictObject({ kind: z.literal('percent'), percent: z.number().gt(0).max(100) }),
  z.strictObject({ kind: z.literal('every'), hosts: countSchema }),
]);

const rolloutSchema: z.ZodType<RolloutPolicy> = z.strictObject({
  waves: z.array(waveSchema).min(1),
  monitorMs: durationSchema,
  delayMs: durationSchema,
  maxFailureRatio: z.number().min(0).max(1),
  failureAction: z.enum(['rollback', 'pause', 'continue']),
  deadlineMs: durationSchema.min(1),
  rollbackParallelism: countSchema,
});

const windowSchema: z.ZodType<MaintenanceWindow> = z.strictObject({
  days: z.array(z.number().int().min(0).max(6)),
  fromMinute: z.number().int().min(0).max(1439),
  toMinute: z.number().int().min(0).max(1439),
});

const scheduleSchema: z.ZodType<SchedulePolicy> = z.strictObject({
  cron: z.string().min(1).max(120),
  timeZone: z.string().min(1).max(64),
  splayMs: durationSchema,
  window: windowSchema.nullable(),
});

export const appSpecSchema: z.ZodType<AppSpec> = z.strictObject({
  name: appNameSchema,
  services: z.record(serviceNameSchema as unknown as z.ZodString, serviceSchema),
  volumes: z.record(z.string(), volumeSchema),
  configs: z.record(z.string(), z.strictObject({ content: z.string().max(1_048_576) })),
  secrets: z.record(z.string(), z.strictObject({ name: z.string() })),
  hosts: hostSelectorSchema,
  rollout: rolloutSchema,
  schedule: scheduleSchema.nullable(),
  offline: z.enum(['keep', 'update']),
  volumeScope: z.enum(['single', 'per-host']),
  recreateVolumes: z.array(z.string().max(1_024)).max(100).optional(),
});
