import { statSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { makeFolder } from '../../../daemon/make-folder.ts';

t.test('makeFolder: makes what is missing, leaves what is there', (t) => {
  const folder = t.testdir({ file: '' });
  const deep = path.join(folder, 'a', 'b');
  makeFolder(deep);
  makeFolder(deep);
  t.equal(statSync(path.join(folder, 'a')).mode & 0o777, 0o700);
  t.throws(() => makeFolder(path.join(folder, 'file')), { code: 'EEXIST' });
  t.throws(() => makeFolder(path.join(folder, 'file', 'below')), { code: 'ENOTDIR' });
  t.end();
});

t.test('makeFolder: ends where no folder can be made', { skip: process.platform !== 'linux' }, (t) => {
  t.throws(() => makeFolder('/proc/longshore/data'), { code: 'ENOENT' });
  t.end();
});
