/**
 * What Prometheus reads. Labels come only from closed sets (states, kinds of frames, codes of errors): no host, app or
 * image name becomes a label, so a fleet of any size is the same number of series. Gauges are read when asked for.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { DEPLOYMENT_STATES, hasEnded } from '../../fleet/deployment.ts';
import type { Deployment, DeploymentState } from '../../fleet/deployment.ts';
import { ERRORS } from '../../fleet/errors.ts';
import type { ErrorCode } from '../../fleet/errors.ts';
import type { Cause } from '../../fleet/release.ts';
import { agentMessageSchema, coordinatorMessageSchema } from '../../protocol/agent-messages.ts';
import { LEADER_HELP, LEADER_METRIC } from '../http/standby-server.ts';
import { REGISTRY_RESULTS } from '../registry/counted-fetch.ts';
import type { RegistryResult } from '../registry/counted-fetch.ts';
import type { PrunedEvents } from '../store/retention-store.ts';
import { HttpMetrics } from './http-metrics.ts';

export type EndedDeployment = Pick<Deployment, 'id' | 'state' | 'cause' | 'startedAt' | 'endedAt'>;

export interface MetricsSources {
  readonly connectedHosts: () => number;
  /** Connected hosts of which every app is converged. */
  readonly convergedHosts: () => number;
  readonly enrolledHosts: () => number;
  readonly consoleSessions: () => number;
  /** Deployments that have not ended, by state. */
  readonly openDeployments: () => Promise<Readonly<Partial<Record<DeploymentState, number>>>>;
  readonly databaseBytes: () => Promise<number>;
}

const IN_KINDS: readonly string[] = [
  ...agentMessageSchema.options.map((option) => option.shape.kind.value),
  'invalid',
  'unknown',
];
const OUT_KINDS: readonly string[] = coordinatorMessageSchema.options.map((option) => option.shape.kind.value);
const KINDS: ReadonlySet<string> = new Set([...IN_KINDS, ...OUT_KINDS]);
/** What agents are refused with by design; others come when they come. */
const REFUSALS: readonly ErrorCode[] = [
  'FRAME_INVALID',
  'HOST_REMOVED',
  'IDENTITY_IN_USE',
  'IDENTITY_UNKNOWN',
  'PROTOCOL_VERSION',
  'SIGNATURE_INVALID',
  'TOO_LARGE',
];
const CAUSES: readonly Cause['kind'][] = ['person', 'schedule', 'host', 'coordinator'];
const STORE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];
/** Of the library: gauges that are named as counters are. `nodejs_active_resources` says the same. */
const MISNAMED: readonly string[] = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Counters are there with 0 from the start wherever their labels are known: a first failure is an increase. */
export class CoordinatorMetrics {
  readonly http: HttpMetrics;
  readonly #registry = new Registry();
  readonly #frames = this.#counter('longshore_frames_total', 'Frames of agents, by direction and kind', [
    'direction',
    'kind',
  ]);
  readonly #refused = this.#counter('longshore_sessions_refused_total', 'Agents that were refused or cut off', [
    'code',
  ]);
  readonly #ended = this.#counter(
    'longshore_deployments_total',
    'Deployments that ended, by outcome and who caused them',
    ['state', 'cause'],
  );
  readonly #duration: Histogram<'state'>;
  readonly #storeCalls: Readonly<Record<'read' | 'commit', Histogram>>;
  readonly #eventsPruned = this.#counter(
    'longshore_events_pruned_total',
    'Events deleted from the log, by whose they were and why',
    ['source', 'reason'],
  );
  readonly #eventsDropped = this.#counter(
    'longshore_events_dropped_total',
    'Events of hosts that were not written, because they came too fast',
    [],
  );
  readonly #registryAsked = this.#counter(
    'longshore_registry_requests_total',
    'Requests to registries, by how they ended',
    ['result'],
  );
  readonly #tokensRefused = this.#counter(
    'longshore_tokens_refused_total',
    'API tokens, enrolment tokens and identities that were refused, or missing',
    [],
  );
  /** Those whose end is not counted yet. */
  readonly #open = new Set<string>();

  constructor(version: string) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    new Gauge({
      name: 'longshore_build_info',
      help: 'Version of the coordinator',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    // A standby answers with 0.
    new Gauge({ name: LEADER_METRIC, help: LEADER_HELP, registers }).set(1);
    this.#duration = new Histogram({
      name: 'longshore_deployment_duration_seconds',
      help: 'From the start of a deployment to its end',
      labelNames: ['state'],
      buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400],
      registers,
    });
    const ofStore = (name: string, help: string): Histogram =>
      new Histogram({ name, help, buckets: STORE_BUCKETS, registers });
    this.#storeCalls = {
      read: ofStore('longshore_store_read_seconds', 'From a question to the store to its answer'),
      commit: ofStore('longshore_store_commit_seconds', 'From a write of the store to its commit'),
    };
    this.http = new HttpMetrics(this.#registry);
    this.#beginAtZero();
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #beginAtZero(): void {
    for (const kind of IN_KINDS) this.#frames.inc({ direction: 'in', kind }, 0);
    for (const kind of OUT_KINDS) this.#frames.inc({ direction: 'out', kind }, 0);
    for (const code of REFUSALS) this.#refused.inc({ code }, 0);
    for (const state of DEPLOYMENT_STATES.filter(hasEnded)) {
      for (const cause of CAUSES) this.#ended.inc({ state, cause }, 0);
      this.#duration.zero({ state });
    }
    for (const source of ['person', 'coordinator', 'host'] as const) {
      this.#eventsPruned.inc({ source, reason: 'age' }, 0);
      if (source !== 'person') this.#eventsPruned.inc({ source, reason: 'size' }, 0);
    }
    for (const result of REGISTRY_RESULTS) this.#registryAsked.inc({ result }, 0);
  }

  watch(sources: MetricsSources): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    };
    gauge('longshore_hosts_enrolled', 'Hosts that are enrolled and not removed', sources.enrolledHosts);
    gauge('longshore_hosts_connected', 'Hosts whose agent talks', sources.connectedHosts);
    gauge('longshore_hosts_converged', 'Connected hosts that run what they should', sources.convergedHosts);
    gauge('longshore_console_sessions', 'Console sockets of people and pages that are open', sources.consoleSessions);
    new Gauge({
      name: 'longshore_database_size_bytes',
      help: 'What the database takes',
      registers: [this.#registry],
      async collect() {
        this.reset();
        const bytes = await sources.databaseBytes().catch(() => null);
        // Unknown is not none.
        if (bytes === null) this.remove();
        else this.set(bytes);
      },
    });
    new Gauge({
      name: 'longshore_deployments_open',
      help: 'Deployments that have not ended',
      labelNames: ['state'],
      registers: [this.#registry],
      // Counted where they are kept: several parts of the coordinator end them.
      async collect() {
        this.reset();
        const counts = await sources.openDeployments().catch(() => null);
        if (counts === null) return;
        for (const state of DEPLOYMENT_STATES) if (!hasEnded(state)) this.set({ state }, counts[state] ?? 0);
      },
    });
  }

  frame(direction: 'in' | 'out', kind: string): void {
    this.#frames.inc({ direction, kind: KINDS.has(kind) ? kind : 'unknown' });
  }

  refused(code: string): void {
    this.#refused.inc({ code: Object.hasOwn(ERRORS, code) ? code : 'INTERNAL' });
  }

  eventsPruned(pruned: readonly PrunedEvents[]): void {
    for (const { source, reason, events } of pruned) this.#eventsPruned.inc({ source, reason }, events);
  }

  eventDropped(): void {
    this.#eventsDropped.inc();
  }

  storeCall(kind: 'read' | 'commit', seconds: number): void {
    this.#storeCalls[kind].observe(seconds);
  }

  registryAsked(result: RegistryResult): void {
    this.#registryAsked.inc({ result });
  }

  tokenRefused(): void {
    this.#tokensRefused.inc();
  }

  /** It changed in its rollout. */
  deployment(changed: Deployment): void {
    const { id, state, startedAt } = changed;
    if (!hasEnded(state)) {
      this.#open.add(id);
      return;
    }
    // Steps of hosts that come back late are told after the end; the end was counted when it came.
    if (this.#open.has(id) || startedAt === null) this.deploymentEnded(changed);
  }

  /** To be told once. */
  deploymentEnded({ id, state, cause, startedAt, endedAt }: EndedDeployment): void {
    this.#open.delete(id);
    this.#ended.inc({ state, cause: cause.kind });
    if (startedAt !== null && endedAt !== null) this.#duration.observe({ state }, (endedAt - startedAt) / 1000);
  }

  async render(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
