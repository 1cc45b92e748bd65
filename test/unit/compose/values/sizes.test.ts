import t from 'tap';
import { parseSize } from '../../../../compose/values/sizes.ts';

t.test('parseSize: units are powers of 1024', (t) => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['1024', 1024],
    ['10b', 10],
    ['1k', 1024],
    ['1kb', 1024],
    ['1KiB', 1024],
    ['64m', 67_108_864],
    ['1.5g', 1_610_612_736],
    ['2 GB', 2_147_483_648],
    ['1t', 1_099_511_627_776],
    ['', null],
    ['-1m', null],
    ['1x', null],
    ['m', null],
    ['99999999p', null],
  ];
  for (const [text, expected] of cases) t.equal(parseSize(text), expected, text);
  t.end();
});
