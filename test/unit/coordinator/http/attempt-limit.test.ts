import t from 'tap';
import { AttemptLimit } from '../../../../coordinator/http/attempt-limit.ts';

t.test('AttemptLimit: stops after so many refusals and lets one more in after its share of a minute', (t) => {
  let now = 0;
  const limit = new AttemptLimit({ perMinute: 2, monotonicMs: () => now });

  limit.refused('a');
  t.equal(limit.waitMs('a'), 0);
  limit.refused('a');
  t.equal(limit.waitMs('a'), 30_000);
  t.equal(limit.waitMs('b'), 0, 'another address is not held up');
  now = 30_000;
  t.equal(limit.waitMs('a'), 0);
  t.end();
});
