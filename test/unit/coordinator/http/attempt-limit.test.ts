import t from 'tap';
import { AttemptLimit } from '../../../../coordinator/http/attempt-limit.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';

const refusal = new LongshoreError('UNAUTHENTICATED', 'no');

t.test('AttemptLimit: after so many refusals it says RATE_LIMITED, until its share of a minute is over', (t) => {
  let now = 0;
  const limit = new AttemptLimit({ perMinute: 2, monotonicMs: () => now });

  t.equal(limit.refused('a', refusal), refusal);
  t.equal(limit.refused('a', refusal), refusal);
  t.match(limit.refused('a', refusal), { code: 'RATE_LIMITED', retryAfterMs: 30_000 });
  t.equal(limit.refused('b', refusal), refusal, 'another address is not held up');
  now = 30_000;
  t.equal(limit.refused('a', refusal), refusal);
  t.end();
});
