/**
 * The agent of a host that has its identity: the reconciler, the session with the coordinator, reports, schedules and
 * streams, running together. It works the same while the coordinator is away. Stopping ends the work first, reports
 * what it came to, and then the connection; containers are left as they are.
 */
import type { Assignment } from '../fleet/assignment.ts';
import type { Problem } from '../fleet/errors.ts';
import type { HostMetrics } from '../fleet/host.ts';
import type { AppName } from '../fleet/ids.ts';
import type { HostProblem } from '../fleet/report.ts';
import type { Clock } from './clock.ts';
import type { ContainerEngine, EngineDescription } from './engine/container-engine.ts';
import { foundProblem, type HostProblems } from './host-problems.ts';
import type { Log } from './log.ts';
import { watchNetworkCheck } from './network-check.ts';
import { Orders, type AssignAnswer, type OrderParts } from './orders.ts';
import { PowerOff, type Drained, type DrainingIngress } from './power-off/power-off.ts';
import type { EventQueue } from './report/event-queue.ts';
import { keepMeasuring, sampleHost } from './report/host-metrics.ts';
import type { AppReports } from './report/plan-report.ts';
import { Reporter } from './report/reporter.ts';
import { runTogether } from './run-together.ts';
import { AppSchedules } from './schedule/app-schedules.ts';
import type { WantedSchedule } from './schedule/schedule-changes.ts';
import { tickAction } from './schedule/tick-action.ts';
import type { SealedStore } from './secrets/sealed-store.ts';
import type { Link } from './session/connection.ts';
import type { HelloFacts } from './session/handshake.ts';
import { Session, type SessionOptions, type SessionState } from './session/session.ts';
import type { StreamServer } from './streams/stream-server.ts';
import { untilAborted } from './until-aborted.ts';

/** What the agent asks of the reconciler. */
export interface Reconciling {
  assign(assignment: Assignment, hash: string): Promise<AssignAnswer>;
  run(signal: AbortSignal): Promise<void>;
  wake(): void;
  reports(): AppReports;
  assignment(): Assignment | null;
  currentOrder(): HelloFacts['order'];
  /** Monotonic; null = it has not gone round yet. */
  lastTurnAtMs(): number | null;
  isConverged(): boolean;
  /** What is waited for, as one line; null = nothing. */
  waiting(): string | null;
  /** What is wrong with the host itself. */
  problems(): readonly HostProblem[];
}

/** Keeps the ingress's proxy there. */
export interface IngressRunner extends DrainingIngress {
  /** A host that an operator removed is not ready, whatever it serves: nobody updates it. */
  setInFleet(inFleet: boolean): Promise<void>;
  /** @param onState called with each finding; null = it serves */
  run(onState: (problem: Problem | null) => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface EnrolledAgentParts {
  readonly session: Omit<SessionOptions, 'onState'>;
  readonly hello: Pick<HelloFacts, 'agentVersion' | 'platform' | 'labels' | 'ingress' | 'boot' | 'policy'>;
  readonly engine: ContainerEngine;
  readonly engineDescription: EngineDescription;
  readonly reconciler: Reconciling;
  readonly ingress: IngressRunner | null;
  readonly hostProblems: HostProblems;
  readonly secrets: SealedStore;
  readonly streams: StreamServer;
  readonly resolveDigest: OrderParts['resolveDigest'];
  readonly events: EventQueue;
  /** Looks for newer images without the coordinator and updates by the gate. */
  readonly updateAlone: (app: AppName, signal: AbortSignal) => Promise<void>;
  /** Another one in tests. */
  readonly measure?: typeof sampleHost;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly statusLine: () => string;
  /** Something that the status line, health or metrics show has changed. */
  readonly onChange: () => void;
}

/** For commands of `exec` to be killed when the agent stops. */
const KILL_MS = 5_000;

export class EnrolledAgent {
  readonly #parts: EnrolledAgentParts;
  readonly #session: Session;
  readonly #reporter: Reporter;
  readonly #schedules: AppSchedules;
  readonly #orders: Orders;
  readonly #powerOff: PowerOff;
  readonly #startedAtMs: number;
  readonly #updating = new AbortController();
  #metrics: HostMetrics | null = null;
  #description: EngineDescription;
  /** The newest connection; after its end, sending over it does nothing. */
  #link: Link | null = null;

  constructor(parts: EnrolledAgentParts) {
    const { clock, random, reconciler, secrets, streams, log, resolveDigest } = parts;
    this.#parts = parts;
    this.#description = parts.engineDescription;
    this.#startedAtMs = clock.now().monotonicMs;
    this.#powerOff = new PowerOff({ ingress: parts.ingress, clock });
    this.#reporter = new Reporter(
      {
        apps: () => reconciler.reports(),
        metrics: () => this.#metrics,
        status: parts.statusLine,
        secrets: () => ({ held: secrets.held(), changes: secrets.changes }),
        problems: () => reconciler.problems(),
      },
      clock,
    );
    secrets.onChange(() => this.#reporter.changed());
    this.#schedules = new AppSchedules({
      clock,
      random,
      onTick: (schedule, scheduledAt) => this.#onTick(schedule, scheduledAt),
      onProblem: (app, found) => this.#tell('schedule-invalid', app, found.message),
    });
    this.#orders = new Orders({
      host: parts.session.identity.host,
      assign: async (assignment, hash) => await this.#assign(assignment, hash),
      secrets,
      streams,
      onEvent: (event, app, text) => this.#tell(event, app, text),
      log,
      resolveDigest,
      onPowerOffNoted: () => this.#powerOff.noted(),
      wake: () => reconciler.wake(),
    });
    this.#session = new Session(
      { ...parts.session, onState: (state) => this.#onSession(state) },
      {
        helloFacts: () => this.#helloFacts(),
        onWelcome: (link) => this.#onWelcome(link),
        onMessage: (link, message) => this.#orders.onMessage(link, message),
        onOddity: (found) => this.#tell('frame-not-understood', null, found.message),
        isInUse: () => streams.openStreams > 0,
      },
    );
  }

  get sessionState(): SessionState {
    return this.#session.state;
  }

  get heardAtMs(): number | null {
    return this.#session.heardAtMs;
  }

  get hostMetrics(): HostMetrics | null {
    return this.#metrics;
  }

  /** Before the machine goes off; see `PowerOff`. */
  drain(timeoutMs: number, signal: AbortSignal): Promise<Drained> {
    return this.#powerOff.drain(timeoutMs, signal);
  }

  /** The reconciler has new reports, or something else of the status. */
  changed(): void {
    this.#reporter.changed();
    this.#parts.onChange();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { reconciler, ingress, hostProblems, clock, hello } = this.#parts;
    const talking = new AbortController();
    const work: ((signal: AbortSignal) => Promise<void>)[] = [
      (ending) => reconciler.run(ending),
      (ending) => this.#measure(ending),
      (ending) => this.#keepSchedules(ending),
      (ending) => watchNetworkCheck(hostProblems, hello.ingress, clock, ending),
    ];
    if (ingress !== null) {
      const onState = (found: Problem | null): void =>
        hostProblems.set('ingress', found === null ? [] : [foundProblem(found)]);
      work.push((ending) => ingress.run(onState, ending));
    }
    await runTogether(
      [
        async (ending) => {
          try {
            await runTogether(work, ending);
            await this.#orders.settled();
            await ingress?.close();
          } finally {
            await this.#lastReport();
            talking.abort();
          }
        },
        () => this.#session.run(talking.signal),
      ],
      signal,
    );
    await this.#parts.streams.settled(KILL_MS);
  }

  async #assign(assignment: Assignment, hash: string): Promise<AssignAnswer> {
    const answer = await this.#parts.reconciler.assign(assignment, hash);
    if (answer.kind === 'accepted') {
      await this.#schedules.follow(assignment);
      this.changed();
    }
    return answer;
  }

  #onSession(state: SessionState): void {
    this.changed();
    const isRemoved = state.kind === 'waiting' && state.problem?.code === 'HOST_REMOVED';
    // While it dials again, what the coordinator said last holds.
    if (!isRemoved && state.kind !== 'connected') return;
    this.#parts.ingress?.setInFleet(!isRemoved).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#tell('ingress', null, `say whether this host is ready: ${reason}`);
    });
  }

  #helloFacts(): HelloFacts {
    const { hello, reconciler, secrets } = this.#parts;
    return {
      ...hello,
      engineVersion: this.#description.version,
      order: reconciler.currentOrder(),
      secrets: secrets.versions(),
      registries: secrets.registries(),
    };
  }

  #onWelcome(link: Link): void {
    this.#link = link;
    // Events first: they tell what the report then shows.
    this.#parts.events.attach(link);
    this.#powerOff.connected(link);
    void this.#reporter.run(link);
    void this.#describeAgain(link.signal);
  }

  /** An engine that was updated says its new version with the next hello. */
  async #describeAgain(signal: AbortSignal): Promise<void> {
    try {
      this.#description = await this.#parts.engine.describe(signal);
    } catch {
      // The reconciler meets the same engine and reports it; the version known before stays.
    }
  }

  async #keepSchedules(signal: AbortSignal): Promise<void> {
    await this.#schedules.follow(this.#parts.reconciler.assignment());
    await untilAborted(signal);
    this.#updating.abort();
    await this.#schedules.stop();
  }

  #onTick(schedule: WantedSchedule, scheduledAt: number): void {
    const { updateAlone, clock } = this.#parts;
    const state = this.#session.state;
    const awayMs = clock.now().monotonicMs - (this.#session.heardAtMs ?? this.#startedAtMs);
    switch (tickAction({ connected: state.kind === 'connected', awayMs, offline: schedule.offline })) {
      case 'ask':
        this.#link?.send({ kind: 'due', app: schedule.app, scheduledAt });
        return;
      case 'update-alone':
        updateAlone(schedule.app, this.#updating.signal).catch((error: unknown) => {
          this.#tell('offline-update-failed', schedule.app, error instanceof Error ? error.message : String(error));
        });
        return;
      case 'skip':
        return;
    }
  }

  #measure(signal: AbortSignal): Promise<void> {
    const { measure = sampleHost, clock } = this.#parts;
    const onMetrics = (metrics: HostMetrics): void => {
      this.#metrics = metrics;
      this.#reporter.changed();
    };
    const onProblem = (text: string): void => this.#tell('metrics-unreadable', null, text);
    return keepMeasuring((ticks) => measure(this.#description.rootDir, ticks), { onMetrics, onProblem, clock, signal });
  }

  /** The agent's own trouble is in its log, too: who looks at the machine may not have the coordinator. */
  #tell(event: string, app: AppName | null, text: string): void {
    const { log, events } = this.#parts;
    log.warn(text, { event, app });
    events.add(event, app, text);
  }

  /** What the work ended with leaves before the connection does. */
  async #lastReport(): Promise<void> {
    this.changed();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
