/**
 * One cron timer per app that has a schedule; the only file of the agent that knows `node-cron`, which is loaded with
 * the first schedule. A tick waits its share of the splay and is then passed on, once; a tick whose splay is still
 * running when the schedule changes is dropped.
 */
import type { ScheduledTask } from 'node-cron';
import type { Assignment } from '../../fleet/assignment.ts';
import { problem, type Problem } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import { scheduleChanges, wantedSchedules, type WantedSchedule } from './schedule-changes.ts';

export interface AppSchedulesOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** @param scheduledAt wall clock, of the tick and not of its splay */
  readonly onTick: (schedule: WantedSchedule, scheduledAt: number) => void;
  readonly onProblem: (app: AppName, found: Problem) => void;
}

interface RunningSchedule {
  readonly wanted: WantedSchedule;
  readonly task: ScheduledTask;
  readonly abort: AbortController;
}

export class AppSchedules {
  readonly #options: AppSchedulesOptions;
  readonly #running = new Map<AppName, RunningSchedule>();
  /** Changes follow each other: `node-cron` is loaded and stopped asynchronously. */
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
      await each?.task.destroy();
    }
    for (const each of changes.begin) await this.#begin(each);
  }

  async #begin(wanted: WantedSchedule): Promise<void> {
    const { cron, timeZone } = wanted.policy;
    const abort = new AbortController();
    try {
      const { schedule } = await import('node-cron');
      const task = schedule(cron, ({ date }) => this.#tick(wanted, date.getTime(), abort.signal), {
        timezone: timeZone,
        name: wanted.app,
        // A tick that was missed, because the machine slept, is not made up for: the next one asks the same.
        suppressMissedWarning: true,
        unref: true,
      });
      this.#running.set(wanted.app, { wanted, task, abort });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onProblem(
        wanted.app,
        problem('INPUT_INVALID', `schedule ${wanted.app} at \`${cron}\` in ${timeZone}: ${reason}`),
      );
    }
  }

  async #tick(wanted: WantedSchedule, scheduledAt: number, signal: AbortSignal): Promise<void> {
    const { clock, random, onTick } = this.#options;
    await clock.sleep(Math.round(wanted.policy.splayMs * random()), signal);
    if (!signal.aborted) onTick(wanted, scheduledAt);
  }
}
