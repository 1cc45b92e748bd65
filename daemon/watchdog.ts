/** Feeds systemd's watchdog at half its interval, but only while the daemon's own check says that work is done. */
import type { Notifier } from './notifier.ts';

export type WorkHealth = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

export interface WatchdogOptions {
  readonly notifier: Notifier;
  /** Ends early, without an error, when the signal aborts. */
  readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> };
  readonly log: { error(text: string): void };
  readonly health: () => WorkHealth;
}

/** Ends with the signal; at once where systemd does not watch. */
export async function runWatchdog(
  { notifier, clock, log, health }: WatchdogOptions,
  signal: AbortSignal,
): Promise<void> {
  if (notifier.watchdogMs === null) return;
  let wasHealthy = true;
  while (!signal.aborted) {
    const found = health();
    if (found.healthy) notifier.alive();
    else if (wasHealthy) log.error(`systemd's watchdog is not fed: ${found.reason}`);
    wasHealthy = found.healthy;
    await clock.sleep(notifier.watchdogMs / 2, signal);
  }
}
