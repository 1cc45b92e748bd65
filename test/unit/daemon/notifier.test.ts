import t from 'tap';
import { createNotifier, silentNotifier, watchdogMsOf } from '../../../daemon/notifier.ts';

t.test('createNotifier: inert without a socket', async (t) => {
  for (const env of [{}, { NOTIFY_SOCKET: '' }]) {
    const notifier = createNotifier({ env, pid: 1, onProblem: (text) => t.fail(text) });
    notifier.ready('x');
    notifier.status('y');
    notifier.alive();
    notifier.stopping('z');
    await notifier.flushed();
    t.equal(notifier, silentNotifier);
  }
});

t.test('watchdogMsOf: as systemd says it, and only for this process', (t) => {
  t.equal(watchdogMsOf({}, 7), null);
  t.equal(watchdogMsOf({ WATCHDOG_USEC: '120000000' }, 7), 120_000);
  t.equal(watchdogMsOf({ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '7' }, 7), 120_000);
  t.equal(watchdogMsOf({ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '8' }, 7), null);
  t.equal(watchdogMsOf({ WATCHDOG_USEC: '0' }, 7), null);
  t.equal(watchdogMsOf({ WATCHDOG_USEC: 'soon' }, 7), null);
  t.end();
});
