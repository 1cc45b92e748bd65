/**
 * One pull with its progress in words. While nothing comes from the registry for five seconds, they say so: an engine
 * whose registry hangs is silent for a minute and more.
 */
import { parseImageReference } from '../../fleet/image-reference.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine, ImageFacts, PullProgress, PullRequest } from '../engine/container-engine.ts';

export const QUIET_AFTER_MS = 5_000;

export interface PullTools {
  readonly engine: Pick<ContainerEngine, 'pullImage'>;
  readonly clock: Clock;
}

export async function pullWithProgress(
  { engine, clock }: PullTools,
  request: PullRequest,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  let isDownloading = true;
  let heardAtMs = clock.now().monotonicMs;
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(Math.max(1, heardAtMs + QUIET_AFTER_MS - clock.now().monotonicMs), over.signal);
      if (over.signal.aborted) return;
      if (clock.now().monotonicMs - heardAtMs < QUIET_AFTER_MS) continue;
      if (isDownloading) say(`waiting for the registry ${parseImageReference(request.reference).registry}`);
      heardAtMs = clock.now().monotonicMs;
    }
  };
  const watching = watch();
  const onProgress = (progress: PullProgress): void => {
    heardAtMs = clock.now().monotonicMs;
    isDownloading = progress.isDownloading;
    say(`${progress.layersDone} of ${progress.layers} layers, ${Math.round(progress.bytesDone / 1_000_000)} MB`);
  };
  try {
    return await engine.pullImage(request, onProgress, signal);
  } finally {
    signal.removeEventListener('abort', end);
    end();
    await watching;
  }
}
