/**
 * What Prometheus reads. Labels come only from closed sets (states, kinds of frames, codes of errors): no host, app or
 * image name becomes a label, so a fleet of any size is the same number of series. Gauges are read when asked for.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { DEPLOYMENT_STATES, hasEnded } from '../../fleet/deployment.ts';
import type { Deployment, DeploymentState } from '../../fleet/deployment.ts';
import { ERRORS } from '../../fleet/errors.ts';
import { agentMessageSchema, coordinatorMessageSchema } from '../../protocol/agent-messages.ts';
import type { PrunedEvents } from '../store/retention-store.ts';

export type EndedDeployment = Pick<Deployment, 'id' | 'state' | 'cause' | 'startedAt' | 'endedAt'>;

export interface MetricsSources {
  readonly connectedHosts: () => number;
  /** Connected hosts of which every app is converged. */
  readonly convergedHosts: () => number;
  readonly enrolledHosts: () => number;
  /** Deployments that have not ended, by state. */
  readonly openDeployments: () => Promise<Readonly<Partial<Record<DeploymentState, number>>>>;
}

const KINDS: ReadonlySet<string> = new Set([
  ...[...agentMessageSchema.options, ...coordinatorMessageSchema.options].map((option) => option.shape.kind.value),
  'invalid',
]);

export class CoordinatorMetrics {
  readonly #registry = new Registry();
  readonly #frames: Counter<'direction' | 'kind'>;
  readonly #refused: Counter<'code'>;
  readonly #ended: Counter<'state' | 'cause'>;
  readonly #duration: Histogram<'state'>;
  readonly #storeCalls: Histogram;
  readonly #eventsPruned: Counter<'source' | 'reason'>;
  readonly #eventsDropped: Counter;
  /** Those whose end is not counted yet. */
  readonly #open = new Set<string>();

  constructor(version: string) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'longshore_' });
    new Gauge({
      name: 'longshore_build_info',
      help: 'Version of the coordinator',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    this.#frames = new Counter({
      name: 'longshore_frames_total',
      help: 'Frames of agents, by direction and kind',
      labelNames: ['direction', 'kind'],
      registers,
    });
    this.#refused = new Counter({
      name: 'longshore_sessions_refused_total',
      help: 'Agents that were refused or cut off',
      labelNames: ['code'],
      registers,
    });
    this.#ended = new Counter({
      name: 'longshore_deployments_total',
      help: 'Deployments that ended, by outcome and who caused them',
      labelNames: ['state', 'cause'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'longshore_deployment_duration_seconds',
      help: 'From the start of a deployment to its end',
      labelNames: ['state'],
      buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400],
      registers,
    });
    this.#storeCalls = new Histogram({
      name: 'longshore_store_commit_seconds',
      help: 'From a call of the store to its commit',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#eventsPruned = new Counter({
      name: 'longshore_events_pruned_total',
      help: 'Events deleted from the log, by whose they were and why',
      labelNames: ['source', 'reason'],
      registers,
    });
    this.#eventsDropped = new Counter({
      name: 'longshore_events_dropped_total',
      help: 'Events of hosts that were not written, because they came too fast',
      registers,
    });
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

  storeCall(seconds: number): void {
    this.#storeCalls.observe(seconds);
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
