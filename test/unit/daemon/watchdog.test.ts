import t from 'tap';
import type { Log } from '../../../agent/log.ts';
import { silentNotifier, type Notifier } from '../../../daemon/notifier.ts';
import { runWatchdog, type WorkHealth } from '../../../daemon/watchdog.ts';
import { ManualClock } from '../../support/manual-clock.ts';

t.test('runWatchdog: feeds at half the interval while healthy, withholds otherwise, says so once', async (t) => {
  const clock = new ManualClock();
  const ending = new AbortController();
  const errors: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (text) => void errors.push(text),
  };
  let fed = 0;
  let health: WorkHealth = { healthy: true };
  const notifier: Notifier = { ...silentNotifier, watchdogMs: 60_000, alive: () => void (fed += 1) };
  const running = runWatchdog({ notifier, clock, log, health: () => health }, ending.signal);

  await clock.advance(90_000);
  t.equal(fed, 4);
  health = { healthy: false, reason: 'stuck' };
  await clock.advance(90_000);
  t.equal(fed, 4);
  t.same(errors, ["systemd's watchdog is not fed: stuck"]);
  health = { healthy: true };
  await clock.advance(30_000);
  t.equal(fed, 5);

  ending.abort();
  await running;
});

t.test('runWatchdog: nothing to do where systemd does not watch', async (t) => {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const health = (): WorkHealth => ({ healthy: true });
  await runWatchdog({ notifier: silentNotifier, clock: new ManualClock(), log, health }, new AbortController().signal);
  t.pass('it ended');
});
