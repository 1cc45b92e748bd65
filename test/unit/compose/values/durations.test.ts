import t from 'tap';
import { parseDuration, renderDuration } from '../../../../compose/values/durations.ts';

t.test('parseDuration: reads what Compose writes', (t) => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['0', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1500us', 2],
    ['30', null],
    ['', null],
    ['-1s', null],
    ['1 s', null],
    ['s', null],
    ['1s2', null],
    ['99999999999999w', 99_999_999_999_999 * 604_800_000],
  ];
  for (const [text, expected] of cases) t.equal(parseDuration(text), expected, text);
  t.end();
});

t.test('renderDuration: is read back to the same', (t) => {
  for (const value of [0, 1, 999, 1000, 60_000, 90_000, 3_600_000, 86_400_000, 1_209_600_000])
    t.equal(parseDuration(renderDuration(value)), value);
  t.equal(renderDuration(90_000), '90s');
  t.end();
});
