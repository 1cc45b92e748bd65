/**
 * The end of work, or of the wait for it: work that does not listen to the signal goes on unwatched. For what must not
 * be held up by something that may never answer.
 */

/** Rejects with the signal's reason as soon as it aborts, whatever `work` does then. */
export async function untilAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
