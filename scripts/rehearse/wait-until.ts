/** Waits for something to be so; says what was the case last where it never is. */
import { setTimeout as wait } from 'node:timers/promises';

export interface WaitWishes {
  readonly what: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const everyMs = 500;

/** @param look undefined: not yet. What it throws is kept for the message. */
export async function waitUntil<T>(wishes: WaitWishes, look: () => Promise<T | undefined>): Promise<T> {
  const until = performance.now() + wishes.limitMs;
  let last = 'it was not so';
  for (;;) {
    wishes.signal.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > until)
      throw new Error(`${wishes.what}: not within ${Math.round(wishes.limitMs / 1000)} s (${last})`);
    await wait(everyMs, undefined, { signal: wishes.signal });
  }
}
