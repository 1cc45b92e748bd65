import t from 'tap';
import type { MaintenanceWindow } from '../../../fleet/rollout-policy.ts';
import { windowAt } from '../../../fleet/maintenance-window.ts';

const at = (iso: string): number => Date.parse(iso);
const night: MaintenanceWindow = { days: [], fromMinute: 120, toMinute: 240 };

t.test('windowAt: no window is always open', (t) => {
  t.same(windowAt(null, 'UTC', 5), { open: true, opensAt: 5 });
  t.end();
});

t.test('windowAt: its first minute is inside, its last is the one before its end', (t) => {
  t.equal(windowAt(night, 'UTC', at('2026-03-04T01:59:59Z')).open, false);
  t.equal(windowAt(night, 'UTC', at('2026-03-04T02:00:00Z')).open, true);
  t.equal(windowAt(night, 'UTC', at('2026-03-04T03:59:59Z')).open, true);
  t.equal(windowAt(night, 'UTC', at('2026-03-04T04:00:00Z')).open, false);
  t.end();
});

t.test('windowAt: says when it opens next, in local time', (t) => {
  const from = at('2026-03-04T12:34:56Z');

  t.equal(windowAt(night, 'UTC', from).opensAt, at('2026-03-05T02:00:00Z'));
  t.equal(windowAt(night, 'Europe/Berlin', from).opensAt, at('2026-03-05T01:00:00Z'));
  t.equal(windowAt(night, 'Asia/Kolkata', from).opensAt, at('2026-03-04T20:30:00Z'));
  t.equal(windowAt({ ...night, fromMinute: 127 }, 'UTC', from).opensAt, at('2026-03-05T02:07:00Z'));
  t.end();
});

t.test('windowAt: only on its days; over midnight it belongs to the day on which it begins', (t) => {
  const sunday: MaintenanceWindow = { days: [0], fromMinute: 23 * 60, toMinute: 60 };

  t.equal(windowAt(sunday, 'UTC', at('2026-03-08T23:30:00Z')).open, true, 'Sunday night');
  t.equal(windowAt(sunday, 'UTC', at('2026-03-09T00:30:00Z')).open, true, 'Monday, still of Sunday');
  t.equal(windowAt(sunday, 'UTC', at('2026-03-08T00:30:00Z')).open, false, 'Sunday morning, of Saturday');
  t.equal(windowAt(sunday, 'UTC', at('2026-03-09T23:30:00Z')).opensAt, at('2026-03-15T23:00:00Z'));
  t.end();
});

t.test('windowAt: the same minute from and to is the whole day', (t) => {
  const monday: MaintenanceWindow = { days: [1], fromMinute: 0, toMinute: 0 };

  t.equal(windowAt(monday, 'UTC', at('2026-03-09T17:00:00Z')).open, true);
  t.equal(windowAt(monday, 'UTC', at('2026-03-10T00:00:00Z')).opensAt, at('2026-03-16T00:00:00Z'));
  t.end();
});

t.test('windowAt: on the day without 02:30 it opens when its time has passed', (t) => {
  const lost: MaintenanceWindow = { days: [], fromMinute: 150, toMinute: 240 };

  const answer = windowAt(lost, 'Europe/Berlin', at('2026-03-29T00:30:00Z'));

  t.equal(answer.opensAt, at('2026-03-29T01:00:00Z'), '03:00 summer time is inside 02:30 to 04:00');
  t.end();
});

t.test('windowAt: a day that does not exist is never reached', (t) => {
  t.equal(windowAt({ ...night, days: [9] }, 'UTC', at('2026-03-04T12:00:00Z')).opensAt, null);
  t.end();
});

t.test('windowAt: a zone that does not exist is refused', (t) => {
  t.throws(() => windowAt(night, 'Mars/Olympus', 0), RangeError);
  t.end();
});
