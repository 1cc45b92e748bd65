/** Planning inputs for unit tests: an app's context with the containers, facts and journal that a test is about. */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../../agent/engine/container-engine.ts';
import type { AppContext } from '../../agent/reconcile/app-context.ts';
import type { InstanceHealth, Observation } from '../../agent/reconcile/observation.ts';
import { type AppJournal, emptyJournal, type InstanceRecord } from '../../agent/state/app-journal.ts';
import { appName, deploymentId, digest, hostId, specHash } from './app-builders.ts';

export const instanceId = (number: number): InstanceId => `i-${number.toString(16).padStart(12, '0')}` as InstanceId;

export const aContainer = (number: number, fields: Partial<ContainerObservation> = {}): ContainerObservation => ({
  engineId: `engine${number}`,
  instance: instanceId(number),
  app: appName('web'),
  service: 'web',
  replica: 1,
  slot: 0,
  hash: specHash('a'),
  release: 1,
  deployment: deploymentId(1),
  attempt: 1,
  imageId: 'sha256:image-a',
  recordedImageId: 'sha256:image-a',
  digest: digest('a'),
  state: 'running',
  exitCode: null,
  oomKilled: false,
  restartPolicy: 'always',
  restartCount: 0,
  startedAtMs: 1_000,
  finishedAtMs: null,
  address: `10.213.0.${number + 1}`,
  networkId: 'net-1',
  aliases: ['web'],
  links: {},
  engineHealth: 'none',
  engineHealthDetail: null,
  stopGraceMs: 10_000,
  ports: {},
  volumes: {},
  ...fields,
});

export const aRecord = (number: number, fields: Partial<InstanceRecord> = {}): InstanceRecord => ({
  instance: instanceId(number),
  slot: 0,
  hash: specHash('a'),
  release: 1,
  deployment: deploymentId(1),
  attempt: 1,
  ...fields,
});

export const aHealth = (fields: Partial<InstanceHealth> = {}): InstanceHealth => ({
  sinceMs: 0,
  healthySinceMs: 0,
  everHealthy: true,
  failures: 0,
  isUnhealthy: false,
  unhealthySinceMs: null,
  isRestarted: false,
  lastAnswer: 'GET /: 200',
  ...fields,
});

export const noFacts: Observation = {
  engine: { containers: [], networks: [], volumes: [] },
  seenAtMs: Number.POSITIVE_INFINITY,
  endSeenAtMs: {},
  images: {},
  held: [],
  files: {},
  health: {},
  startedHere: new Set(),
  drained: new Set(),
  failures: {},
  unsaved: new Set(),
  budgetSince: {},
  restarts: {},
  ingress: null,
  confirmed: true,
  prunedFiles: {},
  refusedSubnets: [],
  prefetchAtMs: {},
  pulling: {},
};

export interface TestContext extends Partial<Omit<AppContext, 'facts' | 'journal'>> {
  readonly facts?: Partial<Observation>;
  readonly journal?: Partial<AppJournal>;
  readonly nowMs?: number;
}

export function aContext(fields: TestContext = {}): AppContext {
  const { facts, journal, nowMs = 0, containers = [], ...rest } = fields;
  const app = appName('web');
  return {
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    app,
    entry: null,
    prefetch: null,
    journal: { ...emptyJournal(app), ...journal },
    hasJournal: true,
    containers,
    network: { app, id: 'net-1', name: 'net', subnet: '10.213.0.0/24' },
    volumes: [],
    facts: { ...noFacts, engine: { ...noFacts.engine, containers }, ...facts },
    takenSubnets: [],
    others: [],
    now: { wallMs: nowMs, monotonicMs: nowMs },
    ...rest,
  };
}

/** A journal whose committed generation is this entry's, in the instances given by key. */
export function committedJournalOf(
  entry: RunEntry,
  instances: Readonly<Record<string, InstanceRecord>>,
): Partial<AppJournal> {
  const attempt = {
    entry,
    state: 'passed' as const,
    candidates: {},
    stopped: [],
    unwell: [],
    problem: null,
    failedService: null,
    budgetLeftMs: 0,
    retries: 0,
  };
  return { subnet: '10.213.0.0/24', committed: { release: entry.release, entry, instances }, attempt };
}
