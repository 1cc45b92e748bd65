/**
 * Runs loops that stand and fall together. When one fails the others are told to end, all ends are awaited, and the
 * first failure is thrown: an agent without its session, or without its reconciler, must not look alive.
 */
export async function runTogether(
  loops: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const failures: unknown[] = [];
  await Promise.all(
    loops.map(async (loop) => {
      try {
        await loop(ending.signal);
      } catch (error) {
        failures.push(error);
        end();
      }
    }),
  );
  signal.removeEventListener('abort', end);
  if (failures.length > 0) throw failures[0];
}
