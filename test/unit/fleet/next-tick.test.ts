import t from 'tap';
import { parseCron } from '../../../fleet/cron-expression.ts';
import { nextTick } from '../../../fleet/next-tick.ts';
import { zoneOffset } from '../../../fleet/zone-offset.ts';

/** The first ticks after a moment, in UTC. */
function ticks(cron: string, zone: string, after: string, count: number): readonly string[] {
  const times = parseCron(cron);
  if (times === null) throw new Error(cron);
  const offset = zoneOffset(zone);
  const found: string[] = [];
  let at = Date.parse(`${after}Z`);
  while (found.length < count) {
    const next = nextTick(times, offset, at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

t.test('nextTick: day of month or weekday where both are given, both where one is a star', (t) => {
  t.same(ticks('0 12 13 * fri', 'UTC', '2026-03-01T00:00', 4), [
    '2026-03-06T12:00',
    '2026-03-13T12:00',
    '2026-03-20T12:00',
    '2026-03-27T12:00',
  ]);
  t.same(ticks('0 12 1 * wed', 'UTC', '2026-03-25T13:00', 3), [
    '2026-04-01T12:00',
    '2026-04-08T12:00',
    '2026-04-15T12:00',
  ]);
  t.same(ticks('0 12 */10 * mon', 'UTC', '2026-03-01T00:00', 2), ['2026-05-11T12:00', '2026-06-01T12:00']);
  t.end();
});

t.test('nextTick: after the moment, never at it, and over ends of months and years', (t) => {
  t.same(ticks('0 * * * *', 'UTC', '2026-12-31T22:00', 2), ['2026-12-31T23:00', '2027-01-01T00:00']);
  t.same(ticks('*/20 * * * *', 'UTC', '2026-01-01T00:00:01', 1), ['2026-01-01T00:20']);
  t.same(ticks('0 0 29 2 *', 'UTC', '2026-01-01T00:00', 2), ['2028-02-29T00:00', '2032-02-29T00:00']);
  t.same(ticks('0 0 29 2 */7', 'UTC', '2060-03-01T00:00', 2), ['2088-02-29T00:00', '2128-02-29T00:00']);
  t.end();
});

t.test('nextTick: a time in the gap of spring comes right after it, once', (t) => {
  t.same(ticks('0 2 * * *', 'Europe/Berlin', '2026-03-28T12:00', 2), ['2026-03-29T01:00', '2026-03-30T00:00']);
  t.same(ticks('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00', 2), ['2026-03-29T01:00', '2026-03-30T00:30']);
  t.same(ticks('*/10 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00', 2), ['2026-03-29T01:00', '2026-03-29T01:10']);
  t.same(ticks('0 0 * * *', 'Africa/Cairo', '2026-04-23T12:00', 2), ['2026-04-23T22:00', '2026-04-24T21:00']);
  t.same(ticks('0 0 * * *', 'America/Santiago', '2026-09-05T12:00', 2), ['2026-09-06T04:00', '2026-09-07T03:00']);
  t.same(ticks('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00', 2), ['2026-10-03T15:30', '2026-10-04T15:15']);
  t.end();
});

t.test('nextTick: a time that comes twice in autumn ticks once', (t) => {
  t.same(ticks('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00', 2), ['2026-10-25T00:30', '2026-10-26T01:30']);
  t.same(ticks('30 23 * * *', 'Africa/Cairo', '2026-10-29T12:00', 2), ['2026-10-29T20:30', '2026-10-30T21:30']);
  t.same(ticks('30 23 * * *', 'America/Santiago', '2026-04-04T12:00', 2), ['2026-04-05T02:30', '2026-04-06T03:30']);
  t.end();
});

t.test('nextTick: a schedule of every hour goes on through both changes', (t) => {
  t.same(ticks('0 * * * *', 'Europe/Berlin', '2026-10-24T23:00', 3), [
    '2026-10-25T00:00',
    '2026-10-25T01:00',
    '2026-10-25T02:00',
  ]);
  t.same(ticks('30 * * * *', 'Europe/Berlin', '2026-03-29T00:00', 2), ['2026-03-29T00:30', '2026-03-29T01:30']);
  // 01:00, the end of a gap of half an hour at 02:30, 03:00.
  t.same(ticks('0 * * * *', 'Australia/Lord_Howe', '2026-10-03T14:00', 3), [
    '2026-10-03T14:30',
    '2026-10-03T15:30',
    '2026-10-03T16:00',
  ]);
  t.end();
});

t.test('nextTick: a day that a zone left out', (t) => {
  t.same(ticks('0 8 * * *', 'Pacific/Apia', '2011-12-29T00:00', 3), [
    '2011-12-29T18:00',
    '2011-12-30T10:00',
    '2011-12-30T18:00',
  ]);
  t.end();
});

t.test('nextTick: a date that never comes has none', (t) => {
  t.same(ticks('0 0 30 2 *', 'UTC', '2026-01-01T00:00', 1), []);
  t.end();
});
