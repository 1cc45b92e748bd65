/**
 * The one way to limit the time of something that waits for an answer.
 *
 * A timer of a process that was suspended or busy fires late, and Node runs it before it reads what came meanwhile: the
 * answer may lie there unread. So a limit that is reached late gets a little more time, once.
 */
const LATE_MS = 250;
const MORE_MS = 1_000;

/** @returns ends the limit; harmless when it is over already */
export function startTimeLimit(limitMs: number, onOver: () => void): () => void {
  const dueAtMs = performance.now() + limitMs;
  const expire = (): void => {
    if (performance.now() - dueAtMs > LATE_MS) timer = setTimeout(onOver, Math.min(limitMs, MORE_MS));
    else onOver();
  };
  let timer = setTimeout(expire, limitMs);
  return () => clearTimeout(timer);
}
