import t from 'tap';
import { RECONNECT, TRANSIENT, retryDelayMs } from '../../../fleet/retry.ts';

t.test('retryDelayMs: grows by the factor up to the cap', (t) => {
  const ceilings = [0, 1, 2, 5, 100, 10_000].map((attempt) => retryDelayMs(TRANSIENT, attempt, 1));

  t.same(ceilings, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  t.end();
});

t.test('retryDelayMs: jitter takes away at most half, so that a fleet does not come back at once', (t) => {
  t.equal(retryDelayMs(RECONNECT, 0, 0), 125);
  t.equal(retryDelayMs(RECONNECT, 0, 0.5), 188);
  t.end();
});

t.test('retryDelayMs: never waits less than the other side asked for', (t) => {
  t.equal(retryDelayMs(RECONNECT, 0, 0.9, 30_000), 30_000);
  t.equal(retryDelayMs(TRANSIENT, 20, 1, 5), 60_000);
  t.end();
});
