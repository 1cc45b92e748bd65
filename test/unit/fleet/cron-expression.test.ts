import t from 'tap';
import { canMatch, parseCron } from '../../../fleet/cron-expression.ts';

t.test('parseCron: five fields, or a name', (t) => {
  const text = (given: string): string | undefined => parseCron(given)?.text;
  t.equal(text('@hourly'), '0 * * * *');
  t.equal(text('@Daily'), '0 0 * * *');
  t.equal(text('*/15  3 * * mon-fri'), '*/15 3 * * mon-fri');
  t.equal(text(' 0 0 1,15 jan-mar 7 '), '0 0 1,15 jan-mar 7');
  t.end();
});

t.test('parseCron: lists, ranges, steps and names', (t) => {
  const times = parseCron('5-20/5,59 22 1,15 jan-mar fri,7');
  t.same([...(times?.minutes ?? [])], [5, 10, 15, 20, 59]);
  t.same([...(times?.hours ?? [])], [22]);
  t.same([...(times?.days ?? [])], [1, 15]);
  t.same([...(times?.months ?? [])], [1, 2, 3]);
  t.same([...(times?.weekdays ?? [])], [5, 0]);
  t.same([...(parseCron('50/5 * * * *')?.minutes ?? [])], [50, 55]);
  t.end();
});

t.test('parseCron: refuses what is not cron', (t) => {
  for (const text of [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '1, * * * *',
    '@often',
  ])
    t.equal(parseCron(text), null, text);
  t.end();
});

t.test('canMatch: a date that no month has never comes, a weekday beside it does', (t) => {
  const can = (text: string): boolean | null => {
    const times = parseCron(text);
    return times && canMatch(times);
  };
  for (const text of ['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 31 4 */2']) t.equal(can(text), false, text);
  for (const text of ['0 0 29 2 *', '0 0 30 2,3 *', '0 0 30 2 mon', '0 0 */31 2 *']) t.equal(can(text), true, text);
  t.end();
});
