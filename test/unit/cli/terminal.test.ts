import { PassThrough } from 'node:stream';
import t from 'tap';
import { createTerminal, paint, shownText } from '../../../cli/terminal.ts';

t.test('shownText: our colours stay, nothing else drives the terminal', (t) => {
  const hostile = `\u001b[2J\u001b]52;c;eA==\u0007\u009b5m\u202ex\rlonger`;

  t.equal(shownText(`${paint('ok', 'green', true)} ${hostile}`, true), '\u001b[32mok\u001b[0m 5mxlonger');
  t.equal(shownText(`${paint('ok', 'green', true)} ${hostile}`, false), 'ok 5mxlonger');
  t.equal(shownText('\u001b[31mred', true), '\u001b[31mred\u001b[0m', 'what colours ends with its text');
  t.end();
});

t.test('terminal: text is plain, raw is raw', (t) => {
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
  const terminal = createTerminal({ stdin: new PassThrough(), stdout, stderr }, {});

  terminal.out('a\u001b[2Jb');
  terminal.raw('a\u001b[2Jb');
  terminal.err('\u001b]0;title\u0007c');

  t.equal(stdout.read(), 'ab\na\u001b[2Jb\n');
  t.equal(stderr.read(), 'c\n');
  t.end();
});
