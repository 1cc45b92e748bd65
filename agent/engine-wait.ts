/** Waits until the engine answers. What does not pass by itself (not local, not Linux, too old) is thrown at once. */
import { LongshoreError, problem, type Problem } from '../fleet/errors.ts';
import { retryDelayMs, TRANSIENT } from '../fleet/retry.ts';
import type { Clock } from './clock.ts';
import type { EngineDescription } from './engine/container-engine.ts';

export interface EngineWait {
  readonly describe: (signal: AbortSignal) => Promise<EngineDescription>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onObstacle: (found: Problem) => void;
}

/** Null where the signal ended it. @throws ENGINE_UNSUITABLE and what else does not pass by itself */
export async function waitForEngine(wait: EngineWait, signal: AbortSignal): Promise<EngineDescription | null> {
  const isOver = (): boolean => signal.aborted;
  for (let attempt = 0; !isOver(); attempt += 1) {
    try {
      return await wait.describe(signal);
    } catch (error) {
      if (isOver()) return null;
      if (error instanceof LongshoreError && !error.retryable) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      wait.onObstacle(error instanceof LongshoreError ? error.problem : problem('ENGINE_UNAVAILABLE', reason));
      await wait.clock.sleep(retryDelayMs(TRANSIENT, attempt, wait.random()), signal);
    }
  }
  return null;
}
