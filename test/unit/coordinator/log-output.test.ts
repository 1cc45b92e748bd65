import { Writable } from 'node:stream';
import t from 'tap';
import { logOutput } from '../../../coordinator/log-output.ts';

t.test('log output: a stream that fails takes nobody down', async (t) => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left on device')) });
  const output = logOutput(stream);
  const closed = new Promise((resolve) => stream.once('close', resolve));

  output.write('one\n');
  await closed;
  output.write('two\n');

  t.match(stream.errored, { message: 'no space left on device' });
});

t.test('log output: a reader that is stuck holds nobody up, and costs no more than a megabyte', async (t) => {
  const stream = new Writable({ write: () => undefined });
  const output = logOutput(stream);
  const line = `${'x'.repeat(1_023)}\n`;

  for (let count = 0; count < 5_000; count += 1) output.write(line);

  t.equal(stream.writableLength, 1024 * 1024);
});
