/** The one retry policy: exponential, full jitter, capped. The delay is pure: the random number is an argument. */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly factor: number;
  readonly capMs: number;
}

/** Session of the agent: 250 ms to 2 min, x1.5. */
export const RECONNECT: RetryPolicy = { firstMs: 250, factor: 1.5, capMs: 120_000 };
/** Registry and engine: 1 s to 1 min, x2. */
export const TRANSIENT: RetryPolicy = { firstMs: 1_000, factor: 2, capMs: 60_000 };

/** A scheduled look for newer images that could not be had: 15 s to 15 min, x2. */
export const SCHEDULED_CHECK: RetryPolicy = { firstMs: 15_000, factor: 2, capMs: 15 * 60_000 };

/** The agent's own files: a disk that is full or cannot be written is looked at again soon, for verdicts wait for it. */
export const OWN_DISK: RetryPolicy = { firstMs: 1_000, factor: 2, capMs: 15_000 };

/**
 * @param attempt 0 for the wait after the first failure
 * @param random in [0, 1)
 * @param askedMs what the other side asked for (Retry-After); never waits less
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  askedMs: number | null = null,
): number {
  const ceiling = Math.min(policy.capMs, policy.firstMs * policy.factor ** Math.min(attempt, 60));
  const jittered = ceiling / 2 + (ceiling / 2) * random;
  return Math.round(Math.max(askedMs ?? 0, jittered));
}
