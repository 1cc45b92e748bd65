/**
 * A small fleet with one app on the real rollouts and the real store: people, hosts and the clock act at random, agents
 * answer what they were asked. Replayable: the same seed gives the same history.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { LiveHost } from '../../coordinator/ports.ts';
import { place, stickyPlacement } from '../../coordinator/placement/place.ts';
import { Rollouts } from '../../coordinator/rollout/rollouts.ts';
import type { HostRow, Target } from '../../coordinator/store/records.ts';
import type { Store } from '../../coordinator/store/store.ts';
import type { RolloutPolicy } from '../../fleet/rollout-policy.ts';
import { hasEnded } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { HostAvailability } from '../../fleet/host.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import { anAppReport, anAppSpec, anAttempt, aPolicy, aService, hostId } from './app-builders.ts';
import { FakeTimers } from './fake-timers.ts';
import { openInlineStore } from './inline-store.ts';
import type { InlineStore } from './inline-store.ts';
import { aLiveHost } from './live-host.ts';
import { between, pick } from './random.ts';
import type { Random } from './random.ts';
import { addHost, enqueue, PERSON, WEB } from './store-scenes.ts';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;

const SCHEDULE = { kind: 'schedule', detail: '@hourly' } as const;
/** Until five minutes after the start. */
const MORNING = { days: [], fromMinute: 0, toMinute: 8 * 60 + 5 };

interface Agent {
  connected: boolean;
  changedAt: number | null;
  report: AppReport | null;
}

export class FleetWalk {
  readonly #random: Random;
  readonly #inline: InlineStore;
  readonly #timers = new FakeTimers();
  readonly #rollouts: Rollouts;
  readonly #agents = new Map<HostId, Agent>();
  readonly faults: unknown[] = [];
  /** What happened, for people who read a failure. */
  readonly history: string[] = [];
  #deployments = 0;

  private constructor(random: Random, inline: InlineStore) {
    this.#random = random;
    this.#inline = inline;
    this.#rollouts = new Rollouts({
      imageVolumes: () => Promise.resolve([]),
      store: inline.store,
      live: (host) => this.#live(host),
      assignmentsChanged: () => undefined,
      onChanged: () => undefined,
      onEndedElsewhere: () => undefined,
      onFault: (error) => this.faults.push(error),
      owner: 'walk',
      leaseMs: 1_000 * HOUR,
      startedAt: START,
      now: () => this.#now,
      timers: this.#timers,
    });
  }

  static async start(random: Random): Promise<FleetWalk> {
    const walk = new FleetWalk(random, await openInlineStore());
    const hosts = between(random, 1, 5);
    for (let number = 1; number <= hosts; number += 1) {
      await addHost(walk.store, number);
      walk.#agents.set(hostId(number), { connected: true, changedAt: START, report: null });
    }
    await walk.#rollouts.start();
    await walk.settle();
    return walk;
  }

  get store(): Store {
    return this.#inline.store;
  }

  get #now(): number {
    return START + this.#timers.monotonicMs();
  }

  /** One thing that happens. */
  async act(): Promise<void> {
    const roll = this.#random();
    const host = pick(this.#random, [...this.#agents.keys()] as [HostId, ...HostId[]]);
    if (roll < 0.14) await this.deploy();
    else if (roll < 0.19) await this.#rollback();
    else if (roll < 0.31) await this.person(pick(this.#random, ['pause', 'resume', 'cancel']));
    else if (roll < 0.44)
      await this.#availability(host, pick(this.#random, ['paused', 'active', 'active', 'draining']));
    else if (roll < 0.54) this.connect(host, this.#agents.get(host)?.connected === false);
    else if (roll < 0.8) await this.agents(this.#random() < 0.3 ? 0.4 : 0.9, host);
    else await this.passes(pick(this.#random, [100, 5_000, 31_000, 120_000, 700_000]));
    await this.settle();
  }

  connect(host: HostId, connected: boolean): void {
    const agent = this.#agents.get(host);
    if (agent === undefined || agent.connected === connected) return;
    this.history.push(`${host} ${connected ? 'is back' : 'falls silent'}`);
    Object.assign(agent, { connected, changedAt: this.#now });
    this.#rollouts.connectionChanged(host);
  }

  /** From now on each decision takes this long. */
  slowDown(costMs: number): void {
    this.#timers.costMs = costMs;
  }

  /** Every agent reports again what it reported before. */
  chatter(): void {
    this.#rollouts.reported([WEB]);
  }

  connectAll(): void {
    for (const host of this.#agents.keys()) this.connect(host, true);
  }

  /** Connected agents do what their targets ask: all of them, or one. */
  async agents(passes: number, only: HostId | null = null): Promise<void> {
    const hosts = [...this.#agents].filter(([host, agent]) => agent.connected && (only === null || host === only));
    for (const target of await this.store.targetsOfHosts({ hosts: hosts.map(([host]) => host) })) {
      const agent = this.#agents.get(target.host);
      if (agent !== undefined) await this.#obey(agent, target, passes);
    }
  }

  async passes(ms: number): Promise<void> {
    this.history.push(`${ms} ms pass`);
    await this.#timers.advanceTo(this.#timers.monotonicMs() + ms, () => this.settle());
  }

  /** Only agents and the clock act from here on. @returns the deployments that do not end */
  async ending(): Promise<readonly DeploymentSummary[]> {
    for (let round = 0; round < 60; round += 1) {
      const open = await this.store.unendedDeployments({ app: null });
      if (open.length === 0) return [];
      await this.agents(1);
      await this.settle();
      const nextAt = this.#timers.nextAt;
      if (nextAt !== null) await this.passes(Math.max(1, nextAt - this.#timers.monotonicMs()));
    }
    return this.store.unendedDeployments({ app: null });
  }

  /** Rollouts and store have nothing more to do at this moment. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await turn();
      quiet = this.#inline.pending() === 0 ? quiet + 1 : 0;
    }
  }

  hosts(): Promise<readonly HostRow[]> {
    return this.store.allHosts();
  }

  async dispose(): Promise<void> {
    await this.#rollouts.stop();
    await this.settle();
    await this.#inline.dispose();
  }

  async deploy(policy: Partial<RolloutPolicy> = {}): Promise<void> {
    const isByHand = this.#random() < 0.75;
    const spec = anAppSpec({
      schedule: isByHand ? null : { cron: '@hourly', timeZone: 'UTC', splayMs: 0, window: MORNING },
      services: { web: aService({ replicas: pick(this.#random, [null, null, 1, 2]) }) },
      rollout: aPolicy({
        waves: pick(this.#random, [
          [{ kind: 'every', hosts: 0 }],
          [{ kind: 'every', hosts: 1 }],
          [{ kind: 'count', hosts: 1 }],
        ]),
        monitorMs: pick(this.#random, [0, 0, 5_000]),
        failureAction: pick(this.#random, ['rollback', 'rollback', 'rollback', 'pause', 'continue']),
        rollbackParallelism: pick(this.#random, [0, 1]),
        ...policy,
      }),
    });
    const placed = place(spec, await this.hosts(), stickyPlacement(await this.store.targetsOfApp({ app: WEB })));
    if (placed.kind === 'unplaceable') return;
    const aborts = this.#random() < 0.3;
    await this.#enqueue(
      { placement: placed.placement, aborts, release: { spec }, ...(isByHand ? {} : { cause: SCHEDULE }) },
      aborts ? 'deploy --abort' : 'deploy',
    );
  }

  async #rollback(): Promise<void> {
    const before = await this.store.releaseBefore({ app: WEB });
    const { items } = await this.store.listReleases({ app: WEB, limit: 10, after: null });
    const served = items.filter((item) => item.served).map((item) => item.release);
    const release = this.#random() < 0.5 ? (before ?? undefined) : served[0];
    if (release === undefined) return;
    const placed = place(
      release.spec,
      await this.hosts(),
      stickyPlacement(await this.store.targetsOfApp({ app: WEB })),
    );
    if (placed.kind === 'unplaceable') return;
    await this.#enqueue({ placement: placed.placement, aborts: true, kept: release.number }, 'rollback');
  }

  async #enqueue(scene: Omit<Parameters<typeof enqueue>[1], 'number'>, verb: string): Promise<void> {
    this.#deployments += 1;
    const { release } = await enqueue(this.store, { ...scene, number: this.#deployments });
    this.history.push(`${verb} release ${release.number} by deployment ${this.#deployments}`);
    this.#rollouts.enqueued(WEB, []);
  }

  async person(verb: 'pause' | 'resume' | 'cancel'): Promise<void> {
    const open = await this.store.unendedDeployments({ app: null });
    const [first] = open;
    if (first === undefined) return;
    const { id } = open.at(-1) ?? first;
    const isBack = this.#random() < 0.5;
    try {
      if (verb === 'pause') await this.#rollouts.pause(id, PERSON);
      else if (verb === 'resume') await this.#rollouts.resume(id, PERSON);
      else await this.#rollouts.cancel(id, isBack, PERSON);
      this.history.push(`${verb} ${id}${verb === 'cancel' && isBack ? ' --rollback' : ''}`);
    } catch (error) {
      if (!(error instanceof LongshoreError && error.code === 'CONFLICT')) throw error;
    }
  }

  async #availability(host: HostId, availability: HostAvailability): Promise<void> {
    await this.store.patchHost({ id: host, availability, labels: null, name: null, events: [] });
    this.history.push(`${host} becomes ${availability}`);
    this.#rollouts.fleetChanged();
  }

  async #obey(agent: Agent, target: Target, passes: number): Promise<void> {
    const { host, app } = target;
    if (target.kind === 'remove') {
      agent.report = null;
      await this.store.removalsDone({
        done: [
          {
            host,
            app,
            event: { at: this.#now, kind: 'app.gone', app, host, deployment: null, cause: PERSON, text: '' },
          },
        ],
      });
    } else {
      const { deployment, release, attempt } = target;
      const known = agent.report?.attempt;
      if (known?.deployment === deployment && known.attempt === attempt) return;
      const isGood = target.rollback || this.#random() < passes;
      this.history.push(`${host} ${isGood ? 'passes' : 'fails'} release ${release}, attempt ${attempt}`);
      agent.report = anAppReport({
        release: isGood ? release : (agent.report?.release ?? null),
        attempt: anAttempt({
          deployment,
          release,
          attempt,
          state: isGood ? 'passed' : 'failed',
          problem: isGood ? null : problem('NEVER_HEALTHY', `gate on ${host}`),
          failedService: isGood ? null : 'web',
        }),
        converged: isGood,
      });
    }
    this.#rollouts.reported([app]);
  }

  #live(host: HostId): LiveHost | null {
    const agent = this.#agents.get(host);
    if (agent === undefined) return null;
    return aLiveHost({
      connected: agent.connected,
      connectedChangedAt: agent.changedAt,
      apps: agent.report === null ? {} : { [WEB]: agent.report },
    });
  }
}

export const isUnderWay = (deployment: Pick<DeploymentSummary, 'state'>): boolean =>
  !hasEnded(deployment.state) && deployment.state !== 'queued';
