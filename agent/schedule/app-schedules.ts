/**
 * One cron timer per app that has a schedule. A tick waits its share of the splay and is then passed on, once; a tick
 * whose splay is still running when the schedule changes is dropped.
 */
import type { Assignment } from '../../fleet/assignment.ts';
import { parseCron } from '../../fleet/cron-expression.ts';
import { problem, type Problem } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import { nextTick } from '../../fleet/next-tick.ts';
import { zoneOffset } from '../../fleet/zone-offset.ts';
import type { Clock } from '../clock.ts';
import { scheduleChanges, wantedSchedules, type WantedSchedule } from './schedule-changes.ts';

export interface AppSchedulesOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** @param scheduledAt wall clock, of the tick and not of its splay */
  readonly onTick: (schedule: WantedSchedule, scheduledAt: number) => void;
  readonly onProblem: (app: AppName, found: Problem) => void;
}

/**
 * The wall clock is looked at this often: no timer of Node counts the time in which the machine was suspended, and the
 * clock of one that has just booted may jump.
 */
const LOOK_MS = 60_000;
/** A tick that is found later than this was missed and is not made up for: the next one asks the same. */
const MISSED_MS = 5 * 60_000;

interface RunningSchedule {
  readonly wanted: WantedSchedule;
  readonly work: Promise<void>;
  readonly abort: AbortController;
}

export class AppSchedules {
  readonly #options: AppSchedulesOptions;
  readonly #running = new Map<AppName, RunningSchedule>();
  /** Changes follow each other: a timer ends before its app gets another. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: AppSchedulesOptions) {
    this.#options = options;
  }

  /** Apps with a timer, for tests and metrics. */
  get apps(): readonly AppName[] {
    return [...this.#running.keys()];
  }

  /** Resolves when the timers are those of the assignment. */
  follow(assignment: Assignment | null): Promise<void> {
    this.#work = this.#work.then(() => this.#apply(wantedSchedules(assignment)));
    return this.#work;
  }

  stop(): Promise<void> {
    return this.follow(null);
  }

  async #apply(wanted: readonly WantedSchedule[]): Promise<void> {
    const running = new Map([...this.#running].map(([app, each]) => [app, each.wanted]));
    const changes = scheduleChanges(running, wanted);
    for (const app of changes.end) {
      const each = this.#running.get(app);
      this.#running.delete(app);
      each?.abort.abort();
      await each?.work;
    }
    for (const each of changes.begin) this.#begin(each);
  }

  #begin(wanted: WantedSchedule): void {
    const { cron, timeZone } = wanted.policy;
    const abort = new AbortController();
    try {
      const times = parseCron(cron);
      if (times === null) throw new RangeError('not a cron expression');
      const offset = zoneOffset(timeZone);
      const next = (afterMs: number): number | null => nextTick(times, offset, afterMs);
      this.#running.set(wanted.app, { wanted, abort, work: this.#run(wanted, next, abort.signal) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onProblem(
        wanted.app,
        problem('INPUT_INVALID', `schedule ${wanted.app} at \`${cron}\` in ${timeZone}: ${reason}`),
      );
    }
  }

  async #run(wanted: WantedSchedule, next: (afterMs: number) => number | null, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let seenAt = clock.now().wallMs;
    let tickAt = next(seenAt);
    while (tickAt !== null) {
      await clock.sleep(Math.min(LOOK_MS, tickAt - seenAt), signal);
      if (signal.aborted) return;
      const now = clock.now().wallMs;
      const wentBack = now < seenAt - LOOK_MS;
      seenAt = now;
      if (now < tickAt && !wentBack) continue;
      if (now >= tickAt && now - tickAt <= MISSED_MS) void this.#tick(wanted, tickAt, signal);
      tickAt = next(now);
    }
  }

  async #tick(wanted: WantedSchedule, scheduledAt: number, signal: AbortSignal): Promise<void> {
    const { clock, random, onTick } = this.#options;
    await clock.sleep(Math.round(wanted.policy.splayMs * random()), signal);
    if (!signal.aborted) onTick(wanted, scheduledAt);
  }
}
