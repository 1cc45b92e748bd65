/** Feeds systemd's watchdog at half its interval, but only while `watchdogHealth` says that work is done. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Notifier } from './notifier.ts';
import type { WorkHealth } from './watchdog-health.ts';

/** Ends with the signal; at once where systemd does not watch. */
export async function runWatchdog(
  options: { readonly notifier: Notifier; readonly clock: Clock; readonly log: Log; readonly health: () => WorkHealth },
  signal: AbortSignal,
): Promise<void> {
  const { notifier, clock, log, health } = options;
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
