/** The clock that rollouts wait by: monotonic, so that a wall clock that is set neither rushes nor holds up a rollout. */
export interface Timers {
  readonly monotonicMs: () => number;
  /** Calls once, not before `ms` have passed. @returns what takes it back */
  readonly after: (ms: number, fire: () => void) => () => void;
}

/** Longest wait that one timer of Node can do; it fires early where more is asked. */
const LONGEST_MS = 2 ** 31 - 1;

export const nodeTimers: Timers = {
  monotonicMs: () => performance.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, Math.min(Math.max(0, ms), LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
