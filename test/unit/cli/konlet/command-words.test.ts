import t from 'tap';
import { splitCommands } from '../../../../cli/konlet/command-words.ts';
import { createReport } from '../../../../compose/source/report.ts';

const START = { file: 'f', base: '.', line: 1, column: 1 };

function words(text: string): readonly (readonly string[])[] {
  return splitCommands(text, START, createReport()).map((command) => command.map((word) => word.text));
}

t.test('splitCommands: words, quotes, comments and lines as bash has them', (t) => {
  t.same(words(`a 'b c' "d \\"e\\" \\n" f\\ g h'i'"j" ''`), [['a', 'b c', 'd "e" \\n', 'f g', 'hij', '']]);
  t.same(words('a \\\n  b \\\r\n c'), [['a', 'b', 'c']]);
  t.same(words('a # b c\nd#e'), [['a'], ['d#e']]);
  t.same(words('a; b && c || d | e &'), [['a'], ['b'], ['c'], ['d'], ['e']]);
  t.same(words('"a\\\nb"'), [['ab']], 'a line that goes on inside of quotes');
  t.same(words("'a\\\nb'"), [['a\\\nb']], 'nothing is special in single quotes');
  t.same(words('\n \n'), []);
  t.end();
});

t.test('splitCommands: places of words, and of what only the shell knows', (t) => {
  const [command] = splitCommands('a \\\n  "b"  $C "x${D}" \'$E\' \\$F $', START, createReport());

  t.same(
    command?.map(({ at, unknown }) => [at.line, at.column, unknown?.text ?? null, unknown?.at.column ?? null]),
    [
      [1, 1, null, null],
      [2, 3, null, null],
      [2, 8, '$C', 8],
      [2, 11, '${D}', 13],
      [2, 19, null, null],
      [2, 24, null, null],
      [2, 28, null, null],
    ],
  );
  t.end();
});
