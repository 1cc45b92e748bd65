import t from 'tap';
import { splitWords } from '../../../../compose/values/shell-words.ts';

t.test('splitWords: quotes and backslashes as in a shell, nothing else', (t) => {
  const cases: readonly (readonly [string, readonly string[] | null])[] = [
    ['', []],
    ['  a   b ', ['a', 'b']],
    [`sh -c "echo 'x y'"`, ['sh', '-c', "echo 'x y'"]],
    [`a 'b "c" d'`, ['a', 'b "c" d']],
    ['a\\ b c', ['a b', 'c']],
    [`a"b"'c'`, ['abc']],
    [`"" x`, ['', 'x']],
    ['a && b > c', ['a', '&&', 'b', '>', 'c']],
    [`"a\\"b"`, ['a"b']],
    [`'a\\b'`, ['a\\b']],
    [`a "b`, null],
    [`a 'b`, null],
  ];
  for (const [line, expected] of cases) t.strictSame(splitWords(line), expected, line);
  t.end();
});
