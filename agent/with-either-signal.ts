/**
 * Work that ends when either of two signals aborts, and leaves nothing on them afterwards. `AbortSignal.any` would: in
 * Node 20 each call leaves some 60 bytes with a signal for as long as that lives, and some of ours live for months.
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
