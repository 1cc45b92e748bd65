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
