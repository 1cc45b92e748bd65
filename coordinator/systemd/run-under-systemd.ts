/**
 * What systemd hears of a coordinator that runs: READY at once, the status line when it changes, and that it works.
 * A process that was stopped, or whose event loop stands still, says nothing, and systemd starts another one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notifier } from '../../daemon/notifier.ts';
import { runWatchdog } from '../../daemon/watchdog.ts';
import type { StoreCheck } from './store-check.ts';

const STATUS_MS = 5_000;

export interface SystemdOptions {
  readonly notifier: Notifier;
  readonly statusLine: () => string;
  readonly store: StoreCheck;
  readonly log: { error(text: string): void };
}

/** Ends with the signal, when all that was said has been passed on. */
export async function runUnderSystemd(options: SystemdOptions, signal: AbortSignal): Promise<void> {
  const { notifier, statusLine, store, log } = options;
  const clock = {
    sleep: (ms: number, until: AbortSignal): Promise<void> =>
      sleep(ms, undefined, { signal: until, ref: false }).catch(() => undefined),
  };
  notifier.ready(statusLine());
  const status = async (): Promise<void> => {
    while (!signal.aborted) {
      notifier.status(statusLine());
      await clock.sleep(STATUS_MS, signal);
    }
  };
  await Promise.all([status(), runWatchdog({ notifier, clock, log, health: () => store.look() }, signal)]);
  notifier.stopping('stopping; agents keep what they run');
  await notifier.flushed();
}
