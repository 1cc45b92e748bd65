/**
 * Work that ends when the signal aborts or its time is over; afterwards neither the timer nor anything on the signal is
 * left, also where it is done many times a second.
 */
import { withEitherSignal } from '../fleet/with-either-signal.ts';
import { startTimeLimit } from './time-limit.ts';

/** The signal that `work` gets aborts with a TimeoutError where the time was the reason. */
export async function withTimeLimit<T>(
  signal: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const expire = (): void => over.abort(new DOMException(`not done within ${timeoutMs} ms`, 'TimeoutError'));
  const end = startTimeLimit(timeoutMs, expire);
  try {
    return await withEitherSignal(signal, over.signal, work);
  } finally {
    end();
  }
}
