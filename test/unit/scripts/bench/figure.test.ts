import t from 'tap';
import { isMissed, renderFigure, renderTable } from '../../../../scripts/bench/figure.ts';

const ratio = { name: 'deployment over floor', unit: 'x', goal: 1.5 };

t.test('a goal is met up to and with itself', (t) => {
  t.equal(isMissed({ ...ratio, value: 1.5 }), false);
  t.equal(isMissed({ ...ratio, value: 1.501 }), true);
  t.equal(isMissed({ ...ratio, value: 99, goal: null }), false);
  t.end();
});

t.test('what was not measured misses its goal', (t) => {
  t.equal(isMissed({ ...ratio, value: Number.NaN }), true);
  t.end();
});

t.test('a figure says its goal beside it, and whether it was met', (t) => {
  t.match(renderFigure({ ...ratio, value: 1.234 }), /^deployment over floor +1\.23 x +goal <= 1\.50 x +met$/);
  t.match(renderFigure({ ...ratio, value: 2 }), /2\.00 x +goal <= 1\.50 x +MISSED$/);
  t.match(renderFigure({ name: 'failed requests', value: 0, unit: '', goal: 0 }), / 0 +goal <= 0 +met$/);
  t.match(renderFigure({ name: 'floor', value: 812.34, unit: 'ms', goal: null }), /^floor +812\.3 ms$/);
  t.end();
});

t.test('a table: text to the left, numbers to the right, a dash for what there is not', (t) => {
  t.equal(
    renderTable(
      ['part', 'ends'],
      [
        ['create', 12.4],
        ['a long one', null],
      ],
    ),
    ['part        ends', 'create        12', 'a long one     -'].join('\n'),
  );
  t.end();
});
