import t from 'tap';
import { parseCron } from '../../../../compose/values/cron.ts';

t.test('parseCron: five fields, or a name', (t) => {
  t.equal(parseCron('@hourly'), '0 * * * *');
  t.equal(parseCron('@daily'), '0 0 * * *');
  t.equal(parseCron('*/15  3 * * mon-fri'), '*/15 3 * * mon-fri');
  t.equal(parseCron('0 0 1,15 jan-mar 7'), '0 0 1,15 jan-mar 7');
  t.equal(parseCron('5-20/5 * * * *'), '5-20/5 * * * *');
  t.end();
});

t.test('parseCron: refuses what never comes true or is no cron', (t) => {
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
    '@often',
  ])
    t.equal(parseCron(text), null, text);
  t.end();
});
