import t from 'tap';
import { occurredAt } from '../../../../coordinator/hub/occurred-at.ts';

const NOW = Date.UTC(2026, 10, 21);
const HOUR_MS = 3_600_000;

t.test('occurred at: as the host says, where its clock can be believed', (t) => {
  t.equal(occurredAt(NOW - 4 * HOUR_MS, NOW), NOW - 4 * HOUR_MS);
  t.equal(occurredAt(NOW + 30_000, NOW), NOW, 'a clock that is a little ahead');
  t.equal(occurredAt(NOW + HOUR_MS, NOW), null, 'a clock that is far ahead');
  t.equal(occurredAt(0, NOW), null, 'a clock that begins in 1970');
  t.end();
});
