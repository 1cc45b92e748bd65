/**
 * Runs what the plan wants, each action on its own: a slow pull or drain never holds up another app.
 *
 *   - one action per object at a time; what is under way is not begun again
 *   - so many of a kind at a time as the host can bear (`admission.ts`); the rest comes with a later plan
 *   - an abortable action that the newest plan no longer wants is aborted
 *   - a failure becomes a fact for the planner, never an exception of the loop
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type Action, describe, execute, type Executors, isAbortable, objectOf } from './action.ts';
import { admitted, type LaneLimits } from './admission.ts';
import { toActionFailure } from './action-failure.ts';
import type { Memory } from './memory.ts';

interface UnderWay {
  readonly action: Action;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export interface ActionRunnerOptions {
  readonly executors: Executors;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: LaneLimits;
  readonly log: Log;
  /** Called with `before:<kind>` and `after:<kind>`: where a test lets the process die. */
  readonly faultPoint: (name: string) => void;
  readonly onDone: () => void;
  /** The engine should be looked at again. */
  readonly onSurprise: () => void;
}

export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** Nothing is under way but what concerns these objects. */
  isIdleBesides(objects: ReadonlySet<string>): boolean {
    return [...this.#underWay.keys()].every((object) => objects.has(object));
  }

  run(actions: readonly Action[]): void {
    const wanted = new Map(actions.map((action) => [objectOf(action), action.kind]));
    for (const [object, { action, stop }] of this.#underWay)
      if (isAbortable(action) && wanted.get(object) !== action.kind) stop.abort();
    const fresh = oneForEachObject(actions).filter((action) => !this.#underWay.has(objectOf(action)));
    const underWay = [...this.#underWay.values()].map(({ action }) => action);
    for (const action of admitted(fresh, underWay, this.#options.limits)) {
      const object = objectOf(action);
      const stop = new AbortController();
      const done = this.#runOne(action, object, stop);
      this.#underWay.set(object, { action, stop, done });
    }
  }

  /** Aborts what can be aborted and waits for the rest, so that no effect comes after the end. */
  async close(): Promise<void> {
    for (const { action, stop } of this.#underWay.values()) if (isAbortable(action)) stop.abort();
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  async #runOne(action: Action, object: string, stop: AbortController): Promise<void> {
    const { executors, memory, clock, log, faultPoint, onDone, onSurprise } = this.#options;
    // The table of what is under way is complete before anything runs.
    await Promise.resolve();
    const begunMs = clock.now().monotonicMs;
    try {
      faultPoint(`before:${action.kind}`);
      await execute(executors, action, stop.signal);
      faultPoint(`after:${action.kind}`);
      memory.failures.delete(object);
      log.debug(describe(action), { ms: Math.round(clock.now().monotonicMs - begunMs) });
    } catch (error) {
      if (!stop.signal.aborted) this.#remember(action, object, error);
      onSurprise();
    }
    this.#underWay.delete(object);
    onDone();
  }

  #remember(action: Action, object: string, error: unknown): void {
    const { memory, clock, random, log } = this.#options;
    const before = memory.failures.get(object)?.count ?? 0;
    const failure = toActionFailure({ action, error, before, nowMs: clock.now().monotonicMs, random: random() });
    memory.failures.set(object, failure);
    // The image that was known to be there is not: it has to be looked for again.
    if (error instanceof LongshoreError && error.code === 'IMAGE_NOT_FOUND') memory.images.clear();
    // Somebody may have removed its files; writing them again is cheap where they are there.
    if (action.kind === 'start' || action.kind === 'create') memory.forgetFilesOf(action.app);
    log.warn(`${describe(action)} failed`, {
      code: failure.problem.code,
      reason: failure.problem.message,
      try: failure.count,
    });
  }
}

/** Parts of a plan may want the same network or volume without knowing of each other: the first one counts. */
function oneForEachObject(actions: readonly Action[]): readonly Action[] {
  const first = new Map<string, Action>();
  for (const action of actions) if (!first.has(objectOf(action))) first.set(objectOf(action), action);
  return [...first.values()];
}
