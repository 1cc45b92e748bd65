/**
 * The agent's loop: what the coordinator wants and what the engine shows, made one. It turns when something happens (an
 * assignment, an engine event, a probe's answer, an action's end) or is due, plans with `nextActions`, and runs the plan.
 *
 *   - an assignment is on the disk before `assign` resolves: the caller acks then
 *   - one turn at a time; a turn takes no time, slow work is under way beside it
 */
import type { Assignment, Order, RunEntry } from '../../fleet/assignment.ts';
import { compareOrder } from '../../fleet/assignment.ts';
import { problem, type Problem } from '../../fleet/errors.ts';
import type { AppName, HostId, InstanceId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { makeProbe } from '../health/probe.ts';
import { Prober } from '../health/prober.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { Log } from '../log.ts';
import type { Mask } from '../secrets/held-mask.ts';
import { StateStore } from '../state/state-store.ts';
import { ActionRunner } from './action-runner.ts';
import { laneLimits } from './admission.ts';
import type { HostRules } from './app-context.ts';
import type { AppFiles } from './app-files.ts';
import { EngineWatch } from './engine-watch.ts';
import { makeExecutors } from './executors.ts';
import { Memory } from './memory.ts';
import { nextActions, type Plan } from './next-actions.ts';
import { withObstacle } from './unseen-engine.ts';
import { Wakeup } from './wakeup.ts';

/** The loop turns at least so often: its turning is what the watchdog looks at. */
const IDLE_TURN_MS = 10_000;

export interface ReconcilerOptions {
  readonly engine: ContainerEngine;
  readonly ingress: Ingress | null;
  readonly files: AppFiles;
  readonly stateDir: string;
  readonly host: HostId;
  /** CIDR out of which the apps' networks are made. */
  readonly subnetPool: string;
  readonly clock: Clock;
  /** Processors of this machine: how much is done at once follows from them. */
  readonly cores: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newInstanceId: () => InstanceId;
  /** Takes secrets out of what a program printed. */
  readonly mask: Mask;
  /** Why an entry may not run here; null = it may. */
  readonly policy: (entry: RunEntry) => Problem | null;
  readonly log: Log;
  /** All reports, after each change of any, and of whether the engine answers. */
  readonly onReport: (reports: Readonly<Record<string, AppReport>>) => void;
  readonly onEvent: (event: string, app: AppName | null, text: string) => void;
  readonly faultPoint?: (name: string) => void;
  /** What is worked towards in place of the assignment: it with this host's own proposals. */
  readonly effective?: (assignment: Assignment) => Assignment;
}

export type AssignOutcome =
  | { readonly kind: 'accepted' }
  /** Not newer than what is here, or the same number with other content. */
  | { readonly kind: 'refused'; readonly problem: Problem };

export interface CurrentOrder extends Order {
  readonly hash: string;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #memory: Memory;
  readonly #store: StateStore;
  readonly #rules: HostRules;
  readonly #prober: Prober;
  readonly #runner: ActionRunner;
  readonly #watch: EngineWatch;
  readonly #wakeup: Wakeup;
  #assigning: Promise<unknown> = Promise.resolve();
  #plan: Plan | null = null;
  #lastTold = '';
  #alarms: ReadonlySet<string> = new Set();
  #lastTurnAtMs: number | null = null;

  private constructor(options: ReconcilerOptions, store: StateStore, memory: Memory) {
    const { engine, ingress, files, clock, random, log, onEvent } = options;
    const turnSoon = (): void => this.#wakeup.wake();
    this.#options = options;
    this.#memory = memory;
    this.#store = store;
    this.#rules = { host: options.host, subnetPool: options.subnetPool, policy: options.policy };
    this.#wakeup = new Wakeup(clock);
    this.#prober = new Prober({ probe: makeProbe(engine, options.mask), clock, onChange: turnSoon });
    this.#watch = new EngineWatch({ engine, memory, clock, random, log, onSeen: turnSoon });
    this.#runner = new ActionRunner({
      executors: makeExecutors({
        engine,
        ingress,
        files,
        store,
        memory,
        clock,
        subnetPool: options.subnetPool,
        newInstanceId: options.newInstanceId,
        mask: options.mask,
        onEvent,
        onProgress: turnSoon,
      }),
      memory,
      clock,
      random,
      limits: laneLimits(options.cores),
      log,
      faultPoint: options.faultPoint ?? (() => undefined),
      onDone: turnSoon,
      onSurprise: () => this.#watch.lookSoon(),
    });
  }

  /** Reads what the process before remembered. @throws STATE_FILE_INVALID where the disk cannot be read */
  static async open(options: ReconcilerOptions): Promise<Reconciler> {
    const store = new StateStore(options.stateDir);
    const memory = new Memory(options.ingress !== null);
    const loaded = await store.load();
    memory.assignment = loaded.assignment?.assignment ?? null;
    memory.assignmentHash = loaded.assignment?.hash ?? '';
    const nowMs = options.clock.now().monotonicMs;
    memory.notePrefetches(nowMs, options.random);
    for (const journal of Object.values(loaded.journals)) {
      memory.journals.set(journal.app, journal);
      memory.budgetSince.set(journal.app, nowMs);
    }
    for (const text of loaded.damage) options.onEvent('STATE_FILE_INVALID', null, text);
    return new Reconciler(options, store, memory);
  }

  /** Newest assignment on the disk, for hello; zeros where there is none. */
  currentOrder(): CurrentOrder {
    const assignment = this.#own();
    if (assignment === null) return { epoch: 0, generation: 0, hash: '' };
    return { epoch: assignment.epoch, generation: assignment.generation, hash: this.#memory.assignmentHash };
  }

  /**
   * Takes an assignment from the coordinator; `accepted` = it is on the disk.
   * @param hash the coordinator's hash of its content
   */
  assign(assignment: Assignment, hash = ''): Promise<AssignOutcome> {
    const next = this.#assigning.then(() => this.#assign(assignment, hash));
    this.#assigning = next.catch(() => undefined);
    return next;
  }

  async #assign(assignment: Assignment, hash: string): Promise<AssignOutcome> {
    const memory = this.#memory;
    const { assignmentHash } = memory;
    const known = this.#own();
    const newer = known === null ? 1 : compareOrder(assignment, known);
    if (newer < 0 || (newer === 0 && hash !== assignmentHash))
      return { kind: 'refused', problem: notNewer(assignment, known) };
    if (newer > 0) await this.#store.saveAssignment({ assignment, hash });
    memory.assignment = assignment;
    memory.assignmentHash = hash;
    memory.confirmed = true;
    memory.notePrefetches(this.#options.clock.now().monotonicMs, this.#options.random);
    this.wake();
    return { kind: 'accepted' };
  }

  /** An assignment of the time before the host was enrolled anew, perhaps elsewhere, orders nothing here. */
  #own(): Assignment | null {
    const { assignment } = this.#memory;
    return assignment?.host === this.#options.host ? assignment : null;
  }

  /** Looks at everything again: secrets came, a person asked, a timer of another part is due. */
  wake(): void {
    for (const [key, answer] of this.#memory.files) if (answer.kind === 'missing') this.#memory.files.delete(key);
    this.#wakeup.wake();
  }

  /** The newest assignment, whole; null before the first. */
  assignment(): Assignment | null {
    return this.#own();
  }

  /** While the engine does not answer, no app is called well. */
  reports(): Readonly<Record<string, AppReport>> {
    return withObstacle(this.#plan?.apps ?? {}, this.#watch.obstacle);
  }

  /** Everything is as it should be, and the engine answers. */
  isConverged(): boolean {
    const plan = this.#plan;
    return plan?.converged === true && this.#runner.isIdleBesides(plan.ahead) && this.#watch.obstacle === null;
  }

  /** Nothing is under way and nothing can be done now; what waits may go on later. What tests that kill wait for. */
  isQuiet(): boolean {
    return this.#plan?.actions.length === 0 && this.#runner.isIdle;
  }

  /** One honest line for people. */
  waiting(): string | null {
    if (this.#watch.obstacle !== null) return this.#watch.obstacle;
    return (
      this.#plan?.waits[0]?.reason ??
      Object.values(this.reports()).find((report) => report.waiting !== null)?.waiting ??
      null
    );
  }

  /** Monotonic; null before the first turn. For the watchdog. */
  lastTurnAtMs(): number | null {
    return this.#lastTurnAtMs;
  }

  /** Turns until the signal aborts. Containers keep running then; actions under way are waited for. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#watch.run(signal);
    while (!signal.aborted) {
      this.#wakeup.clear();
      this.#turn();
      await this.#wakeup.wait(this.#pauseMs(), signal);
    }
    this.#prober.close();
    await Promise.all([watching, this.#runner.close()]);
  }

  #turn(): void {
    const { clock, effective } = this.#options;
    const memory = this.#memory;
    const now = clock.now();
    this.#lastTurnAtMs = now.monotonicMs;
    const { engine } = memory;
    if (engine === null) {
      this.#tellReports();
      return;
    }
    const ordered = this.#own();
    const assignment = ordered === null ? null : (effective?.(ordered) ?? ordered);
    const plan = nextActions({
      assignment,
      observation: memory.observation(engine, this.#prober.facts()),
      journals: Object.fromEntries(memory.journals),
      rules: this.#rules,
      now,
    });
    this.#plan = plan;
    this.#runner.run(plan.actions);
    this.#prober.aim(plan.probes);
    if (plan.asksEngine) this.#watch.lookSoon();
    this.#prober.forgetAllBut(new Set(engine.containers.map((each) => each.instance)));
    this.#tellAlarms(plan);
    this.#tellReports();
  }

  #tellAlarms(plan: Plan): void {
    const { onEvent } = this.#options;
    for (const alarm of plan.alarms) if (!this.#alarms.has(alarm.id)) onEvent(alarm.event, alarm.app, alarm.text);
    this.#alarms = new Set(plan.alarms.map((alarm) => alarm.id));
  }

  /**
   * The reports are the same before and after the last action ends, and only then is the host converged: what the status
   * line is made of counts too, or it stays at what it was in the turn before.
   */
  #tellReports(): void {
    const reports = this.reports();
    const told = JSON.stringify([reports, this.#watch.obstacle, this.isConverged(), this.waiting()]);
    if (told === this.#lastTold) return;
    this.#lastTold = told;
    this.#options.onReport(reports);
  }

  #pauseMs(): number {
    const wakeAtMs = this.#plan?.wakeAtMs ?? null;
    if (wakeAtMs === null) return IDLE_TURN_MS;
    return Math.min(IDLE_TURN_MS, Math.max(1, Math.ceil(wakeAtMs - this.#options.clock.now().monotonicMs)));
  }
}

function notNewer(assignment: Assignment, known: Order | null): Problem {
  const number = `${assignment.epoch}/${assignment.generation}`;
  const isSame = known !== null && compareOrder(assignment, known) === 0;
  const why = isSame
    ? 'the same number was here with other content'
    : `it is older than ${known?.epoch ?? 0}/${known?.generation ?? 0}, which is here`;
  return problem('CONFLICT', `take assignment ${number}: ${why}`, {
    hint: 'The coordinator allocates its next number above what this host says at hello.',
  });
}
