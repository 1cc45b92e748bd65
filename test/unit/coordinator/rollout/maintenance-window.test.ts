import t from 'tap';
import { msUntilOpen } from '../../../../coordinator/rollout/maintenance-window.ts';

const at = (text: string): number => Date.parse(text);
const nights = { days: [], fromMinute: 22 * 60, toMinute: 2 * 60 };

t.test('msUntilOpen: inside it is open, outside it says when to look again', (t) => {
  const window = { days: [], fromMinute: 120, toMinute: 240 };
  t.equal(msUntilOpen(window, 'UTC', at('2026-03-02T02:00:00Z')), 0);
  t.equal(msUntilOpen(window, 'UTC', at('2026-03-02T03:59:59Z')), 0);
  t.equal(msUntilOpen(window, 'UTC', at('2026-03-02T04:00:00Z')), 22 * 3_600_000);
  t.equal(msUntilOpen(window, 'UTC', at('2026-03-02T01:59:30Z')), 30_000);
  t.end();
});

t.test('msUntilOpen: over midnight it belongs to the day on which it opens', (t) => {
  t.equal(msUntilOpen(nights, 'UTC', at('2026-03-02T23:00:00Z')), 0);
  t.equal(msUntilOpen(nights, 'UTC', at('2026-03-03T01:00:00Z')), 0);
  t.equal(msUntilOpen(nights, 'UTC', at('2026-03-03T12:00:00Z')), 10 * 3_600_000);
  const friday = { ...nights, days: [5] };
  t.equal(msUntilOpen(friday, 'UTC', at('2026-03-07T01:00:00Z')), 0, 'Saturday at one is still Friday night');
  t.equal(msUntilOpen(friday, 'UTC', at('2026-03-07T03:00:00Z')), 6 * 86_400_000 + 19 * 3_600_000);
  t.end();
});

t.test('msUntilOpen: the zone is the one of the app', (t) => {
  const morning = { days: [1], fromMinute: 6 * 60, toMinute: 7 * 60 };
  t.equal(msUntilOpen(morning, 'Europe/Berlin', at('2026-01-05T05:30:00Z')), 0);
  t.equal(msUntilOpen(morning, 'America/New_York', at('2026-01-05T05:30:00Z')), 5.5 * 3_600_000);
  t.end();
});
