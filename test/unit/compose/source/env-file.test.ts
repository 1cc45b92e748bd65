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

t.test('parseEnvFile: "#" begins a comment only after a space, as in Compose', (t) => {
  const cases: readonly (readonly [text: string, value: string])[] = [
    ['A=#ff8800', '#ff8800'],
    ['A: #ff8800', '#ff8800'],
    ['A= #ff8800', '#ff8800'],
    ['A=#ff8800 # orange', '#ff8800'],
    ['A=a\t#b', 'a\t#b'],
    ['A="a # b" # c', 'a # b'],
    ['A="a"#c', 'a'],
    ['A= # c', '# c'],
  ];
  for (const [text, value] of cases) t.strictSame(read(text), { A: value }, text);
  t.end();
});

t.test('parseEnvFile: escapes, and names, as in Compose', (t) => {
  t.strictSame(read("A='it\\'s'\n1B=x\nC[0]=y\né.-=z"), { A: "it's", '1B': 'x', 'C[0]': 'y', 'é.-': 'z' });
  t.strictSame(read('A="\\0101\\08\\a\\\'\\q\\\\"'), { A: "A\\08\u0007\\'\\q\\" });
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
