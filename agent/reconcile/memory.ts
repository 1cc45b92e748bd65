/**
 * What one process of the agent knows: the engine as last seen, the journals, and what it learned by acting. The planner
 * reads it as plain data; only executors and the loops of the reconciler change it. Lost with the process by design:
 * what must outlive it is in the journals.
 */
import type { Assignment } from '../../fleet/assignment.ts';
import { type AppName, type InstanceId } from '../../fleet/ids.ts';
import type { EngineObservation, HeldImage, ImageFacts } from '../engine/container-engine.ts';
import type { IngressApp, Upstreams } from '../ingress/ingress.ts';
import { type AppJournal, emptyJournal } from '../state/app-journal.ts';
import type { AppFilesAnswer } from './app-files.ts';
import { type EngineEffect, withEffect } from './engine-effects.ts';
import type { ActionFailure, InstanceHealth, Observation } from './observation.ts';
import { prefetchKey } from './plan-prefetch.ts';
import { isFilesKeyOf } from './prerequisites.ts';
import { RESTART_WINDOW_MS } from './restart-loop.ts';

/** One question to the engine about everything. */
interface Look {
  readonly order: number;
  readonly atMs: number;
}

export class Memory {
  assignment: Assignment | null = null;
  assignmentHash = '';
  confirmed = false;
  engine: EngineObservation | null = null;
  held: readonly HeldImage[] | null = null;
  ingress: { apps: readonly IngressApp[] | null; upstreams: Upstreams | null; ready: readonly AppName[] | null } | null;
  readonly journals = new Map<AppName, AppJournal>();
  readonly images = new Map<string, ImageFacts>();
  readonly pulling = new Map<string, string>();
  readonly files = new Map<string, AppFilesAnswer>();
  readonly prunedFiles = new Map<AppName, string>();
  readonly startedHere = new Set<InstanceId>();
  readonly drained = new Set<InstanceId>();
  readonly failures = new Map<string, ActionFailure>();
  /** Their journals could not be written: what is here is newer than the disk. */
  readonly unsaved = new Set<AppName>();
  readonly budgetSince = new Map<AppName, number>();
  readonly refusedSubnets = new Set<string>();
  readonly prefetchAtMs = new Map<string, number>();
  readonly restarts = new Map<InstanceId, readonly number[]>();
  readonly #ends = new Map<InstanceId, number>();
  readonly #counts = new Map<InstanceId, number>();
  /** Effects since the oldest look at the engine that is still under way. */
  #effects: { readonly order: number; readonly effect: EngineEffect }[] = [];
  #order = 0;
  #seenAtMs = Number.NEGATIVE_INFINITY;

  constructor(hasIngress: boolean) {
    this.ingress = hasIngress ? { apps: null, upstreams: null, ready: null } : null;
  }

  apply(effect: EngineEffect): void {
    this.#order += 1;
    this.#effects.push({ order: this.#order, effect });
    if (this.engine !== null) this.engine = withEffect(this.engine, effect);
  }

  /** Remember to call before looking; the answer belongs to the look. */
  beginLook(nowMs: number): Look {
    this.#effects = [];
    return { order: this.#order, atMs: nowMs };
  }

  /** An effect that ended while the engine was looked at may or may not be in what was seen. */
  endLook(look: Look, seen: EngineObservation, nowMs: number): void {
    this.engine = this.#effects
      .filter((each) => each.order > look.order)
      .reduce((engine, each) => withEffect(engine, each.effect), seen);
    this.#effects = [];
    this.#seenAtMs = look.atMs;
    for (const each of seen.containers) {
      if (each.state !== 'exited' && each.state !== 'dead') this.#ends.delete(each.instance);
      else if (!this.#ends.has(each.instance)) this.#ends.set(each.instance, nowMs);
      const before = this.#counts.get(each.instance);
      this.#counts.set(each.instance, each.restartCount);
      if (before !== undefined && each.restartCount > before)
        this.noteRestarts(each.instance, each.restartCount - before, nowMs);
    }
  }

  /** By the engine's restart policy, or by us after it had ended by itself. */
  noteRestarts(instance: InstanceId, count: number, nowMs: number): void {
    const fresh = Array.from({ length: count }, () => nowMs);
    const recent = (this.restarts.get(instance) ?? []).filter((atMs) => atMs > nowMs - RESTART_WINDOW_MS);
    this.restarts.set(instance, [...recent, ...fresh].slice(-50));
  }

  /** The engine went away: what ended meanwhile did not end by itself, and images may be gone. */
  forgetRun(): void {
    this.startedHere.clear();
    this.images.clear();
  }

  /** They are written again, if need be, before they are next used. */
  forgetFilesOf(app: AppName): void {
    for (const key of [...this.files.keys()]) if (isFilesKeyOf(key, app)) this.files.delete(key);
  }

  /** Facts of containers that are no more would pile up. */
  forgetGone(): void {
    const alive = new Set(this.engine?.containers.map((each) => each.instance) ?? []);
    for (const instance of [...this.startedHere]) if (!alive.has(instance)) this.startedHere.delete(instance);
    for (const instance of [...this.drained]) if (!alive.has(instance)) this.drained.delete(instance);
    for (const instance of [...this.restarts.keys()]) if (!alive.has(instance)) this.restarts.delete(instance);
    for (const instance of [...this.#ends.keys()]) if (!alive.has(instance)) this.#ends.delete(instance);
    for (const instance of [...this.#counts.keys()]) if (!alive.has(instance)) this.#counts.delete(instance);
    this.#forgetFailuresBut(alive);
  }

  /** Each attempt chooses new ids: one that could not be created and is no attempt's any more is never asked for again. */
  #forgetFailuresBut(alive: ReadonlySet<InstanceId>): void {
    const kept = new Set([...alive].map((instance) => `instance:${instance}`));
    for (const { committed, attempt } of this.journals.values()) {
      const records = [...Object.values(committed?.instances ?? {}), ...Object.values(attempt?.candidates ?? {})];
      for (const instance of [...records.map((each) => each.instance), ...(attempt?.stopped ?? [])])
        kept.add(`instance:${instance}`);
    }
    for (const object of [...this.failures.keys()])
      if (object.startsWith('instance:') && !kept.has(object)) this.failures.delete(object);
  }

  forgetFailuresOf(app: AppName): void {
    const { committed, attempt } = this.journals.get(app) ?? emptyJournal(app);
    const records = [...Object.values(committed?.instances ?? {}), ...Object.values(attempt?.candidates ?? {})];
    const instances = new Set(
      // Those that are gone and could not be made again have failed as well.
      [...records, ...(this.engine?.containers.filter((each) => each.app === app) ?? [])].map(
        (each) => `instance:${each.instance}`,
      ),
    );
    for (const object of [...this.failures.keys()]) {
      const isOurs = object.endsWith(`:${app}`) || object.includes(`:${app}/`) || object.startsWith('image:');
      if (isOurs || instances.has(object)) this.failures.delete(object);
    }
  }

  /** Each download is given its moment when it is first heard of; one that is not wanted any more loses it. */
  notePrefetches(nowMs: number, random: () => number): void {
    const wanted = new Map((this.assignment?.prefetch ?? []).map((each) => [prefetchKey(each), each]));
    for (const key of [...this.prefetchAtMs.keys()]) if (!wanted.has(key)) this.prefetchAtMs.delete(key);
    for (const [key, { spreadMs }] of wanted)
      if (!this.prefetchAtMs.has(key)) this.prefetchAtMs.set(key, nowMs + random() * spreadMs);
  }

  observation(engine: EngineObservation, health: Readonly<Record<InstanceId, InstanceHealth>>): Observation {
    return {
      engine,
      seenAtMs: this.#seenAtMs,
      endSeenAtMs: Object.fromEntries(this.#ends),
      images: Object.fromEntries(this.images),
      held: this.held,
      files: Object.fromEntries(this.files),
      health,
      startedHere: this.startedHere,
      drained: this.drained,
      failures: Object.fromEntries(this.failures),
      unsaved: this.unsaved,
      budgetSince: Object.fromEntries(this.budgetSince),
      restarts: Object.fromEntries(this.restarts),
      ingress: this.ingress,
      confirmed: this.confirmed,
      prunedFiles: Object.fromEntries(this.prunedFiles),
      pulling: Object.fromEntries(this.pulling),
      refusedSubnets: [...this.refusedSubnets],
      prefetchAtMs: Object.fromEntries(this.prefetchAtMs),
    };
  }
}
