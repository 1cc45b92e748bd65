import t from 'tap';
import { parseCountOption, parseDurationOption } from '../../../cli/duration-option.ts';
import { LineSplitter } from '../../../cli/line-splitter.ts';

t.test('parseDurationOption: units, seconds by default, refuses the rest', (t) => {
  t.same(
    ['500ms', '30', '30s', '1.5m', '2h', '1d'].map(parseDurationOption),
    [500, 30_000, 30_000, 90_000, 7_200_000, 86_400_000],
  );
  for (const text of ['', 'soon', '5 m', '-3s', '1y']) t.throws(() => parseDurationOption(text), text);
  t.end();
});

t.test('parseCountOption: whole numbers only', (t) => {
  t.equal(parseCountOption('12'), 12);
  for (const text of ['', '-1', '1.5', 'x', '99999999999']) t.throws(() => parseCountOption(text), text);
  t.end();
});

t.test('LineSplitter: joins pieces of lines and of characters', (t) => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from('grün\r\nzwei\nrest');

  t.same([...splitter.lines(bytes.subarray(0, 3)), ...splitter.lines(bytes.subarray(3))], ['grün', 'zwei']);
  t.equal(splitter.rest(), 'rest');
  t.equal(splitter.rest(), '');
  t.end();
});
