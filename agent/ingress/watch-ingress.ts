/**
 * Watches a running proxy until it ends: does it answer, with the configuration that it was given, and does our own
 * ingress answer where another machine would ask. Every look also brings own certificates up to date.
 */
import { LongshoreError, type Problem } from '../../fleet/errors.ts';
import type { Clock } from '../clock.ts';

export interface WatchedIngress {
  readonly untilStopped: (signal: AbortSignal) => Promise<void>;
  /** It answers; what it should run is loaded again at the next `configure` where it runs something else. */
  readonly answers: () => Promise<boolean>;
  /** What is wrong where another machine would ask; null = our own Caddy answers. */
  readonly askItself: () => Promise<string | null>;
  readonly configure: () => Promise<void>;
  readonly clock: Clock;
  readonly watchMs: number;
}

/** After a look that found something: the second one decides. */
const AGAIN_MS = 2_000;

/** @throws INGRESS_UNAVAILABLE where it runs and does not answer, and what `configure` throws */
export async function watchIngress(
  watched: WatchedIngress,
  onState: (problem: Problem | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, watchMs } = watched;
  const ended = new AbortController();
  const isOver = (): boolean => ended.signal.aborted;
  const stop = (): void => ended.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const stopped = watched.untilStopped(ended.signal).finally(stop);
  // It may fail while something else is waited for below, and is waited for itself only then.
  stopped.catch(() => undefined);
  try {
    for (let silent = 0, unreached = 0; !isOver();) {
      silent = (await watched.answers()) ? 0 : silent + 1;
      const found = silent > 0 ? null : await watched.askItself();
      unreached = found === null ? 0 : unreached + 1;
      if (isOver()) break;
      // Once may be a moment's: the machine is busy, or one Caddy takes over from another.
      if (silent > 1) throw unavailable('Caddy runs and its admin socket does not answer');
      if (found !== null && unreached > 1) onState(unavailable(found).problem);
      if (silent === 0 && found === null) onState(null);
      const isDoubtful = silent > 0 || unreached === 1;
      await clock.sleep(isDoubtful ? Math.min(watchMs, AGAIN_MS) : watchMs, ended.signal);
      if (!isOver()) await watched.configure();
    }
    await stopped;
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
    await stopped.catch(() => undefined);
  }
}

function unavailable(reason: string): LongshoreError {
  return new LongshoreError('INGRESS_UNAVAILABLE', `reach the ingress: ${reason}`, {
    hint: 'Look for another program on the port, a firewall, and `docker logs` of the ingress container.',
  });
}
