import t from 'tap';
import { parseEnvFile } from '../../../../compose/source/env-file.ts';

const outside = (name: string): string | undefined => (name === 'USER_NAME' ? 'ann' : undefined);
const read = (text: string) => Object.fromEntries(parseEnvFile(text, { outside }).values);

t.test('parseEnvFile: names, quotes, comments, export', (t) => {
  t.strictSame(
    read(
      [
        '# comment',
        '',
        'A=1',
        ' B = two words  # comment',
        'export C=three',
        'D: four',
        "E='as $IS \\n'",
        'F="tab\\there $A"',
        'G=',
        'H=a#b',
        'I=${USER_NAME}-${A}',
        'J="line one',
        'line two"',
        'K="a \\"quote\\" and \\$A"',
        'USER_NAME',
        'NOWHERE',
        "L='x' # comment",
      ].join('\r\n'),
    ),
    {
      A: '1',
      B: 'two words',
      C: 'three',
      D: 'four',
      E: 'as $IS \\n',
      F: 'tab\there 1',
      G: '',
      H: 'a#b',
      I: 'ann-1',
      J: 'line one\nline two',
      K: 'a "quote" and $A',
      USER_NAME: 'ann',
      L: 'x',
    },
  );
  t.end();
});

t.test('parseEnvFile: says which line is wrong', (t) => {
  const problems = (text: string) => parseEnvFile(text, { outside }).problems;
  t.match(problems('A=1\n=x'), [{ line: 2, message: /NAME=value/ }]);
  t.match(problems('A="x\ny'), [{ line: 1, column: 3, name: 'A', message: /closing quote/ }]);
  t.match(problems('A=pa$word'), [{ line: 1, name: 'A', message: /word is not set.*single quotes/ }]);
  t.match(problems("A='x'y"), [{ line: 1, message: /after the closing quote/ }]);
  t.end();
});

t.test('parseEnvFile: raw takes everything as it is', (t) => {
  const { values } = parseEnvFile('A="x" # y $B\nC=', { outside, format: 'raw' });
  t.strictSame(Object.fromEntries(values), { A: '"x" # y $B', C: '' });
  t.end();
});
