/** Specs, releases and rollouts for tests: whole and valid, with the fields that a test is about given by it. */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import type { RolloutPolicy } from '../../fleet/rollout-policy.ts';
import type { Deployment, HostStep } from '../../fleet/deployment.ts';
import type { AppName, DeploymentId, Digest, HostId, SpecHash } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { AppReport, AttemptReport, InstanceReport } from '../../fleet/report.ts';

/** `h-000000000000000a` for 10. */
export const hostId = (number: number): HostId => `h-${number.toString(16).padStart(16, '0')}` as HostId;
export const deploymentId = (number: number): DeploymentId =>
  `d-${number.toString(16).padStart(16, '0')}` as DeploymentId;
export const appName = (name: string): AppName => name as AppName;
export const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
export const specHash = (letter: string): SpecHash => `h1:${letter.repeat(64)}` as SpecHash;

export const aPolicy = (fields: Partial<RolloutPolicy> = {}): RolloutPolicy => ({
  waves: [{ kind: 'every', hosts: 0 }],
  monitorMs: 0,
  delayMs: 0,
  maxFailureRatio: 0,
  failureAction: 'rollback',
  deadlineMs: 600_000,
  rollbackParallelism: 0,
  ...fields,
});

export const aService = (fields: Partial<ServiceSpec> = {}): ServiceSpec => ({
  image: { reference: '127.0.0.1:5000/web:1', digest: digest('a'), pull: 'always', platform: null },
  command: null,
  entrypoint: null,
  environment: {},
  labels: {},
  ports: [],
  expose: [],
  mounts: [],
  secrets: [],
  configs: [],
  dependsOn: {},
  aliases: [],
  networkMode: 'app',
  probe: {
    check: { kind: 'none' },
    intervalMs: 10_000,
    timeoutMs: 1_000,
    retries: 3,
    startPeriodMs: 0,
    startIntervalMs: 100,
  },
  gate: { minHealthyMs: 0, healthyDeadlineMs: 60_000, progressDeadlineMs: 300_000 },
  restart: { name: 'always', maxAttempts: 0 },
  stopGraceMs: 10_000,
  stopSignal: null,
  user: null,
  workingDir: null,
  hostname: null,
  domainname: null,
  readOnly: false,
  privileged: false,
  init: false,
  tty: false,
  stdinOpen: false,
  capAdd: [],
  capDrop: [],
  groupAdd: [],
  securityOpt: [],
  ulimits: [],
  sysctls: {},
  extraHosts: [],
  dns: [],
  devices: [],
  shmBytes: null,
  pidMode: null,
  ipcMode: null,
  logging: null,
  resources: { cpus: null, memoryBytes: null, memoryReservationBytes: null, pids: null },
  replicas: null,
  constraints: [],
  order: 'start-first',
  ingress: [],
  metadata: 'deny',
  ...fields,
});

export const anAppSpec = (fields: Partial<AppSpec> = {}): AppSpec => ({
  name: appName('web'),
  services: { web: aService() },
  volumes: {},
  configs: {},
  secrets: {},
  hosts: { labels: {}, pools: [], names: [] },
  rollout: aPolicy(),
  schedule: null,
  offline: 'keep',
  volumeScope: 'single',
  ...fields,
});

export const aRelease = (fields: Partial<Release> = {}): Release => ({
  app: appName('web'),
  number: 2,
  spec: anAppSpec(),
  hashes: { web: specHash('a') },
  secretVersions: {},
  cause: { kind: 'person', token: 'test', note: null },
  createdAt: 0,
  ...fields,
});

export const aDeployment = (fields: Partial<Deployment> = {}): Deployment => ({
  id: deploymentId(2),
  app: appName('web'),
  release: 2,
  base: 1,
  kind: 'deploy',
  state: 'queued',
  steps: [],
  wave: -1,
  waves: 0,
  problem: null,
  cause: { kind: 'person', token: 'test', note: null },
  once: null,
  aborts: false,
  byHand: false,
  createdAt: 0,
  startedAt: null,
  settledAt: null,
  deadlineAt: null,
  endedAt: null,
  ...fields,
});

export const aStep = (fields: Partial<HostStep> = {}): HostStep => ({
  host: hostId(1),
  wave: 0,
  state: 'waiting',
  from: null,
  attempt: 0,
  problem: null,
  changedAt: 0,
  ...fields,
});

export const anAttempt = (fields: Partial<AttemptReport> = {}): AttemptReport => ({
  deployment: deploymentId(2),
  release: 2,
  attempt: 1,
  state: 'gating',
  problem: null,
  failedService: null,
  nextRetryAt: null,
  ...fields,
});

export const anInstanceReport = (
  fields: Partial<Omit<InstanceReport, 'id'>> & { readonly id?: string } = {},
): InstanceReport => ({
  service: 'web',
  replica: 1,
  hash: specHash('a'),
  release: 1,
  state: 'healthy',
  routed: true,
  restarts: 0,
  startedAt: null,
  detail: null,
  ...fields,
  id: (fields.id ?? 'i-000000000001') as InstanceReport['id'],
});

export const anAppReport = (fields: Partial<AppReport> = {}): AppReport => ({
  app: appName('web'),
  release: null,
  attempt: null,
  instances: [],
  converged: false,
  waiting: null,
  proposal: null,
  unclaimed: false,
  removed: false,
  ...fields,
});
