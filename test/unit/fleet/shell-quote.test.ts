import { execFileSync } from 'node:child_process';
import t from 'tap';
import { shellQuote } from '../../../fleet/shell-quote.ts';

t.test('shellQuote: a shell reads back what went in', (t) => {
  const words = [
    'plain/path-1.x',
    '',
    'two words',
    "it's",
    '$(id)',
    '`id`',
    'a;b&c|d',
    'line\nbreak',
    '-n',
    '~',
    '*',
    '#',
  ];
  const script = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;

  t.same(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1), words);
  t.equal(shellQuote('plain/path-1.x'), 'plain/path-1.x');
  t.end();
});
