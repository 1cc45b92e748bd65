/** What signals mean to the coordinator: the first SIGTERM or SIGINT ends it cleanly, the second at once. */
import type { LongshoreError } from '../fleet/errors.ts';

export interface Ending {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Resolves at the first signal, rejects with a fault after which nothing can go on. */
  readonly promise: Promise<void>;
  readonly fault: (error: LongshoreError) => void;
}

export function endSignal(log: { info(text: string): void }, endAtOnce: () => never): Ending {
  let fault: Ending['fault'] = () => undefined;
  const told = new AbortController();
  const promise = new Promise<void>((resolve, reject) => {
    fault = reject;
    let isEnding = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isEnding) endAtOnce();
      isEnding = true;
      log.info(`${signal}: ending; a second signal ends at once`);
      told.abort();
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    // Its default would end the process, and who sends it wants settings to be read again.
    process.on('SIGHUP', () =>
      log.info('SIGHUP: ignored; certificates are read again by themselves, settings at a restart'),
    );
  });
  // Until somebody waits for it a fault is not "unhandled".
  promise.catch(() => undefined);
  return { promise, fault, signal: told.signal };
}
