import t from 'tap';
import { heartbeatIntervalMs, silenceLimitMs } from '../../../fleet/heartbeat.ts';

t.test('heartbeatIntervalMs: the whole fleet sends at most 250 a second', (t) => {
  for (const hosts of [1, 100, 2_500, 5_000, 10_000, 40_000]) {
    const interval = heartbeatIntervalMs(hosts);
    t.ok(hosts / (interval / 1_000) <= 250, `${hosts} hosts`);
  }
  t.equal(heartbeatIntervalMs(3), 10_000);
  t.equal(heartbeatIntervalMs(10_000), 40_000);
  t.end();
});

t.test('silenceLimitMs: three intervals and jitter, at least a minute', (t) => {
  t.equal(silenceLimitMs(10_000, 0), 60_000);
  t.equal(silenceLimitMs(40_000, 0), 120_000);
  t.equal(silenceLimitMs(40_000, 0.5), 140_000);
  t.end();
});
