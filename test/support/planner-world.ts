/**
 * The planner, the executors and the memory over the fake engine in virtual time, for property tests: each turn looks,
 * probes, plans, and carries out some of the plan in a random order, with failures and kills between. Deterministic by
 * its random numbers; no disk, no timers.
 */
import assert from 'node:assert/strict';
import type { AssignmentEntry } from '../../fleet/assignment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, InstanceId } from '../../fleet/ids.ts';
import type { Clock } from '../../agent/clock.ts';
import { newHealth, withAnswer } from '../../agent/health/instance-health.ts';
import { type Action, execute, objectOf } from '../../agent/reconcile/action.ts';
import { toActionFailure } from '../../agent/reconcile/action-failure.ts';
import { makeExecutors } from '../../agent/reconcile/executors.ts';
import { Memory } from '../../agent/reconcile/memory.ts';
import { nextActions, type Plan, type PlanInput } from '../../agent/reconcile/next-actions.ts';
import type { InstanceHealth } from '../../agent/reconcile/observation.ts';
import type { AppJournal } from '../../agent/state/app-journal.ts';
import { hostId } from './app-builders.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeEngineSession } from './fake-engine-session.ts';
import { FakeIngress } from './fake-ingress.ts';
import type { Random } from './random.ts';

export interface Chances {
  /** That an action of the plan is carried out in this turn. */
  readonly act: number;
  /** That a call to the engine fails once, transiently. */
  readonly fail: number;
  /** That the process is killed before or after an action's effect. */
  readonly kill: number;
  /** That the engine goes away in this turn, for some turns, and comes back as after its restart. */
  readonly outage?: number;
}

const HOST = hostId(1);

export class PlannerWorld {
  nowMs = 1_000_000;
  readonly engine = new FakeEngine({ now: () => this.nowMs });
  readonly ingress = new FakeIngress();
  readonly #random: Random;
  readonly #chances: Chances;
  /** What survives a kill. */
  readonly disk = new Map<AppName, AppJournal>();
  #assignment: { readonly entries: readonly AssignmentEntry[]; readonly generation: number } | null = null;
  #memory = new Memory(true);
  #session = new FakeEngineSession(this.engine, HOST);
  #health = new Map<InstanceId, InstanceHealth>();
  #instances = 0;
  /** No journal can be written. */
  isDiskFull = false;
  /** Journals that were written, or would have been. */
  writes = 0;
  kills = 0;
  outages = 0;
  /** Turns until the engine is back; 0 = it is there. */
  #awayTurns = 0;
  plan: Plan | null = null;
  /** Called after each action: where an invariant looks. */
  onEffect: (action: Action) => void = () => undefined;
  onOutage: () => void = () => undefined;

  constructor(random: Random, chances: Chances) {
    this.#random = random;
    this.#chances = chances;
  }

  get entries(): readonly AssignmentEntry[] {
    return this.#assignment?.entries ?? [];
  }

  assign(entries: readonly AssignmentEntry[]): void {
    this.#assignment = { entries, generation: (this.#assignment?.generation ?? 0) + 1 };
    this.#memory.confirmed = true;
  }

  serving(app: string, service: string): number {
    return this.engine.servingCount(HOST, app, service);
  }

  /** One turn; answers whether nothing was left to do. */
  async turn(): Promise<boolean> {
    this.nowMs += Math.floor(this.#random() * 400);
    this.engine.settle();
    this.#comeAndGo();
    await this.#look();
    const input = this.#input();
    const plan = nextActions(input);
    assert.deepEqual(nextActions(input).actions, plan.actions, 'the same input gives the same plan');
    const objects = plan.actions.map(objectOf);
    assert.equal(new Set(objects).size, objects.length, `one action an object: ${objects.join(' ')}`);
    assert.ok(plan.wakeAtMs === null || plan.wakeAtMs > this.nowMs, 'the next plan is due in the future');
    this.plan = plan;
    this.#probe(plan);
    for (const action of this.#shuffled(plan.actions)) {
      if (this.#random() >= this.#chances.act) continue;
      if (await this.#run(action)) return false;
    }
    return plan.actions.length === 0;
  }

  /** As SIGKILL: only the disk and the engine are left. */
  kill(): void {
    this.kills += 1;
    this.#session.lose();
    this.#session = new FakeEngineSession(this.engine, HOST);
    this.#memory = new Memory(true);
    this.#health = new Map();
    for (const journal of this.disk.values()) {
      this.#memory.journals.set(journal.app, journal);
      this.#memory.budgetSince.set(journal.app, this.nowMs);
    }
  }

  loseJournals(): void {
    this.disk.clear();
    this.kill();
  }

  /** The coordinator sends what it has sent before. */
  confirm(): void {
    this.#memory.confirmed = true;
  }

  /** As dockerd that stops: it answers nothing new, then its containers end, and those with a restart policy come back with it. */
  #comeAndGo(): void {
    if (this.#awayTurns > 0) {
      this.#awayTurns -= 1;
      if (this.#awayTurns > 0) return;
      this.engine.reboot();
      if (this.#random() < 0.3) this.kill();
      else this.#memory.forgetRun();
    } else if (this.#memory.engine !== null && this.#random() < (this.#chances.outage ?? 0)) {
      this.outages += 1;
      this.engine.setUp(false);
      this.#awayTurns = 1 + Math.floor(this.#random() * 60);
      this.onOutage();
    }
  }

  async #look(): Promise<void> {
    if (this.#awayTurns > 0) return;
    const begun = this.#memory.beginLook(this.nowMs);
    this.#memory.endLook(begun, await this.#session.observe(), this.nowMs);
    this.#memory.held = await this.#session.heldImages();
  }

  #input(): PlanInput {
    const { engine } = this.#memory;
    assert.ok(engine !== null);
    return {
      assignment: this.#assignment === null ? null : { host: HOST, epoch: 1, ...this.#assignment },
      observation: this.#memory.observation(engine, Object.fromEntries(this.#health)),
      journals: Object.fromEntries(this.#memory.journals),
      rules: { host: HOST, subnetPool: '10.213.0.0/16', policy: () => null },
      now: { wallMs: this.nowMs, monotonicMs: this.nowMs },
    };
  }

  #probe(plan: Plan): void {
    const aimed = new Set(plan.probes.map((target) => target.instance));
    for (const instance of [...this.#health.keys()]) if (!aimed.has(instance)) this.#health.delete(instance);
    for (const target of plan.probes) {
      if (target.isPaused) continue;
      const container = this.engine.containersOf(HOST).find((each) => each.plan.instance === target.instance);
      const isHealthy = this.#awayTurns === 0 && container?.serves(this.nowMs) === true;
      const before = this.#health.get(target.instance) ?? newHealth(this.nowMs, false);
      this.#health.set(target.instance, withAnswer(before, target, { isHealthy, text: String(isHealthy) }, this.nowMs));
    }
  }

  /** @returns whether the process was killed at it */
  async #run(action: Action): Promise<boolean> {
    if (this.#random() < this.#chances.kill / 2) {
      this.kill();
      return true;
    }
    const memory = this.#memory;
    const object = objectOf(action);
    const isFailing = this.#random() < this.#chances.fail;
    try {
      if (isFailing) throw new LongshoreError('ENGINE_UNAVAILABLE', `${action.kind}: chance`);
      await execute(this.#executors(memory), action, new AbortController().signal);
      memory.failures.delete(object);
    } catch (error) {
      const before = memory.failures.get(object)?.count ?? 0;
      const random = this.#random();
      memory.failures.set(object, toActionFailure({ action, error, before, nowMs: this.nowMs, random }));
      if (error instanceof LongshoreError && error.code === 'IMAGE_NOT_FOUND') memory.images.clear();
    }
    this.onEffect(action);
    if (this.#random() >= this.#chances.kill / 2) return false;
    this.kill();
    return true;
  }

  #executors(memory: Memory): ReturnType<typeof makeExecutors> {
    const clock: Clock = {
      now: () => ({ wallMs: this.nowMs, monotonicMs: this.nowMs }),
      sleep: async (ms) => {
        this.nowMs += ms;
      },
    };
    return makeExecutors({
      engine: this.#session,
      ingress: this.ingress,
      files: { ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }), prune: async () => undefined },
      store: {
        saveJournal: async (journal) => {
          this.writes += 1;
          if (this.isDiskFull) throw new LongshoreError('NO_SPACE', `write journal/${journal.app}.json: ENOSPC`);
          this.disk.set(journal.app, journal);
        },
        forgetJournal: async (app) => {
          this.disk.delete(app);
        },
      },
      memory,
      clock,
      subnetPool: '10.213.0.0/16',
      mask: (text) => text,
      newInstanceId: () => {
        this.#instances += 1;
        return `i-${this.#instances.toString(16).padStart(12, '0')}` as InstanceId;
      },
      onEvent: () => undefined,
      onProgress: () => undefined,
    });
  }

  #shuffled(actions: readonly Action[]): readonly Action[] {
    return actions
      .map((action) => ({ action, order: this.#random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ action }) => action);
  }
}
