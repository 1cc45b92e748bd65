/**
 * Time as the agent's parts are given it: durations by the monotonic clock, which no correction of the wall
 * clock moves; wall time only for schedules, reports and files.
 */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface Clock {
  now(): Instant;
  /** Resolves after `ms`, or at once when the signal aborts; it never rejects, so the caller looks at the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Longest wait that one Node timer can do; longer ones would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
      signal.addEventListener('abort', done, { once: true });
    }),
};

/** Between two looks of a running clock at the time. */
const TICK_MS = 5_000;
/** Without a look for so long, the process did not run; far more than a busy one goes without a turn of its loop. */
const STOPPED_AFTER_MS = 15_000;

/**
 * Time in which the process ran. A suspended one (SIGSTOP, a paused VM) would find every deadline passed when it goes
 * on, and give up what it has not looked at: what it missed counts as one tick.
 */
export class RunningTime {
  #seenMs: number;
  #missedMs = 0;

  /** @param nowMs monotonic */
  constructor(nowMs: number) {
    this.#seenMs = nowMs;
  }

  at(nowMs: number): number {
    const gapMs = nowMs - this.#seenMs;
    if (gapMs > STOPPED_AFTER_MS) this.#missedMs += gapMs - TICK_MS;
    this.#seenMs = nowMs;
    return nowMs - this.#missedMs;
  }
}

/** The system's clock, whose durations leave out the time in which the process was suspended. */
export function startRunningClock(): Clock {
  const running = new RunningTime(performance.now());
  setInterval(() => running.at(performance.now()), TICK_MS).unref();
  return {
    ...systemClock,
    now: () => ({ wallMs: Date.now(), monotonicMs: running.at(performance.now()) }),
  };
}
