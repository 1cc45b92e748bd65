import t from 'tap';
import { statusLine } from '../../../../coordinator/systemd/status-line.ts';
import { SILENCE_LIMIT_MS, StoreCheck } from '../../../../coordinator/systemd/store-check.ts';

t.test('status line: ready or why not, and the hosts', (t) => {
  t.equal(statusLine({ notReady: null, connectedHosts: 2, enrolledHosts: 3 }), 'ready; 2 of 3 hosts connected');
  t.equal(
    statusLine({ notReady: 'starting', connectedHosts: 0, enrolledHosts: 1 }),
    'not ready: starting; 0 of 1 host connected',
  );
  t.end();
});

t.test('store check: only silence is a fault, and one question is asked at a time', async (t) => {
  let now = 0;
  let obstacle: string | null = null;
  const answers: ((error?: Error) => void)[] = [];
  const check = new StoreCheck({
    ask: () =>
      new Promise<void>((resolve, reject) =>
        answers.push((error) => (error === undefined ? resolve() : reject(error))),
      ),
    obstacle: () => obstacle,
    monotonicMs: () => now,
  });

  t.same(check.look(), { healthy: true });
  now += SILENCE_LIMIT_MS;
  t.same(check.look(), { healthy: true });
  now += 1_000;
  t.match(check.look(), { healthy: false, reason: /not answered for 121 s/ });
  obstacle = 'PostgreSQL is away';
  t.same(check.look(), { healthy: true });
  obstacle = null;
  t.equal(answers.length, 1);

  answers[0]?.(new Error('locked'));
  await Promise.resolve();
  t.same(check.look(), { healthy: true }, 'a refusal is an answer');
  t.equal(answers.length, 2);
});
