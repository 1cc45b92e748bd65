import t from 'tap';
import { dateFormat } from '../../../../agent/schedule/utc-date-format.ts';

/** As node-cron asks. */
const options: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  weekday: 'short',
  hour12: false,
};
const times = ['2026-01-01T00:00:00Z', '2024-02-29T23:59:59Z', '2026-11-21T09:05:07Z', '1999-12-31T12:00:00Z'];

/** node-cron takes the 24 of midnight for 0. */
const fields = (format: Pick<Intl.DateTimeFormat, 'formatToParts'> | ReturnType<typeof dateFormat>, date: Date) =>
  Object.fromEntries(
    [...format.formatToParts(date)]
      .filter(({ type }) => type !== 'literal')
      .map(({ type, value }) => [type, type === 'hour' && value === '24' ? '00' : value]),
  );

t.test('UTC: the same fields as the real one', (t) => {
  const utc = { ...options, timeZone: 'UTC' };
  for (const time of times) {
    const date = new Date(time);
    t.same(fields(dateFormat('en-US', utc), date), fields(new Intl.DateTimeFormat('en-US', utc), date), time);
  }
  t.end();
});

t.test('UTC: the offset is none, which versions of the real one say in two ways', (t) => {
  const offset = { timeZone: 'UTC', timeZoneName: 'shortOffset' } as const;
  for (const format of [new Intl.DateTimeFormat('en-US', offset), dateFormat('en-US', offset)])
    t.match(fields(format, new Date(0)).timeZoneName, /^GMT(\+0)?$/);
  t.end();
});

t.test('any other zone is the real one', (t) => {
  t.ok(dateFormat('en-US', { ...options, timeZone: 'Asia/Kolkata' }) instanceof Intl.DateTimeFormat);
  t.ok(dateFormat('en-US', options) instanceof Intl.DateTimeFormat);
  t.end();
});
