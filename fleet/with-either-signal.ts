/**
 * Work that ends when either of two signals aborts, and leaves nothing on them afterwards. `AbortSignal.any` is used
 * nowhere: in Node 20 each call leaves some 60 bytes with a signal for as long as that lives, and a pair with
 * `AbortSignal.timeout` is collected before it fires (tried: of 50 with a collection meanwhile, none fired), so that a
 * call without an answer waits for ever.
 */
export async function withEitherSignal<T>(
  one: AbortSignal,
  other: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const abort = (event: Event): void => either.abort((event.target as AbortSignal).reason);
  one.addEventListener('abort', abort);
  other.addEventListener('abort', abort);
  if (one.aborted) either.abort(one.reason);
  else if (other.aborted) either.abort(other.reason);
  try {
    return await work(either.signal);
  } finally {
    one.removeEventListener('abort', abort);
    other.removeEventListener('abort', abort);
  }
}
