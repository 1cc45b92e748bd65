/**
 * What systemd hears of a coordinator that runs: READY at once, the status line when it changes, and that it works.
 * A process that was stopped, or whose event loop stands still, says nothing, and systemd starts another one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notifier } from '../../daemon/notifier.ts';
import { runWatchdog } from '../../daemon/watchdog.ts';
import type { WorkHealth } from '../../daemon/watchdog.ts';

const STATUS_MS = 5_000;

export interface SystemdOptions {
  readonly notifier: Notifier;
  readonly log: { error(text: string): void };
}

/** What the process does at the moment: it serves, or waits as a standby. */
export interface Duty {
  readonly statusLine: () => string;
  readonly health: () => WorkHealth;
}

export class SystemdService {
  readonly #options: SystemdOptions;
  readonly #ending = new AbortController();
  #duty: Duty | null = null;
  #running: Promise<void> | null = null;

  constructor(options: SystemdOptions) {
    this.#options = options;
  }

  /** READY with the first duty. */
  become(duty: Duty): void {
    this.#duty = duty;
    if (this.#running === null) this.#running = this.#run(duty);
    else this.#options.notifier.status(duty.statusLine());
  }

  /** Resolves when all that was said has been passed on. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(first: Duty): Promise<void> {
    const { notifier, log } = this.#options;
    const { signal } = this.#ending;
    const clock = {
      sleep: (ms: number, until: AbortSignal): Promise<void> =>
        sleep(ms, undefined, { signal: until, ref: false }).catch(() => undefined),
    };
    const duty = (): Duty => this.#duty ?? first;
    notifier.ready(first.statusLine());
    const status = async (): Promise<void> => {
      while (!signal.aborted) {
        notifier.status(duty().statusLine());
        await clock.sleep(STATUS_MS, signal);
      }
    };
    await Promise.all([status(), runWatchdog({ notifier, clock, log, health: () => duty().health() }, signal)]);
    notifier.stopping('stopping; agents keep what they run');
    await notifier.flushed();
  }
}
