import t from 'tap';
import { bootIdOf } from '../../../../agent/boot-id.ts';
import { drainArguments, renderDrained } from '../../../../agent/power-off/drain-command.ts';
import { refusal } from '../../../support/refusal.ts';

t.test('drainArguments: the time, and which agent is meant', (t) => {
  t.same(drainArguments([]), { timeoutMs: 80_000, others: [] });
  t.same(drainArguments(['--timeout', '25', '--config', '/a.yaml']), {
    timeoutMs: 25_000,
    others: ['--config=/a.yaml'],
  });
  t.same(drainArguments(['--data-dir=/d', '--timeout=3600', 'stray', '--help']), {
    timeoutMs: 3_600_000,
    others: ['--data-dir=/d', 'stray', '--help'],
  });
  for (const wrong of [
    ['--timeout'],
    ['--timeout', ''],
    ['--timeout', '0'],
    ['--timeout', '1.5'],
    ['--timeout', '3601'],
  ])
    t.throws(() => drainArguments(wrong), refusal('INPUT_INVALID', /--timeout/), wrong.join(' '));
  t.end();
});

t.test('renderDrained: one line that says what came of it', (t) => {
  t.equal(renderDrained({ noted: true, left: 0 }), 'drained: the coordinator knows; no request is under way');
  t.match(renderDrained({ noted: false, left: 2 }), /is away and was not told; 2 requests are still under way/);
  t.match(renderDrained({ noted: false, left: null }), /the proxy did not say/);
  t.end();
});

t.test('bootIdOf: changes with the boot, and with the first process of a machine in a container', (t) => {
  const stat = (start: number, name = 'systemd') =>
    `1 (${name}) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ${start} 999 1\n`;

  t.equal(bootIdOf('b-1\n', stat(17)), 'b-1-17');
  t.equal(bootIdOf('b-1\n', stat(17, 'a b) c')), 'b-1-17', 'a name may hold anything');
  t.not(bootIdOf('b-1\n', stat(18)), bootIdOf('b-1\n', stat(17)));
  t.equal(bootIdOf('', stat(17)), null);
  t.equal(bootIdOf('b-1', '1 (x) S'), null);
  t.end();
});
