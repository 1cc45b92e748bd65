/** Waits for a condition that somebody else makes true. */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  isDone: (answer: T) => boolean,
  limitMs = 15_000,
): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (performance.now() > until) throw new Error(`not so after ${limitMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
