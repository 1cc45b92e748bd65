import { utimesSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { isOlderThanSource } from '../../../infra/program-age.ts';
import { readPrograms } from '../../../infra/programs.ts';

const sum = (letter: string): string => letter.repeat(64);

t.test('readPrograms: archives by their checksums; one that was not built is null', (t) => {
  const folder = t.testdir({
    'checksums.txt': `${sum('a')}  longshore-agent-linux-x64.tar.gz\n${sum('b')}  longshore-agent-linux-arm64.tar.gz\n${sum('c')}  longshore-coordinator-linux-x64.tar.gz\n`,
    'longshore-agent-linux-x64.tar.gz': '',
    'longshore-coordinator-linux-x64.tar.gz': '',
  });

  t.same(readPrograms(folder), {
    agents: {
      x64: {
        path: path.join(folder, 'longshore-agent-linux-x64.tar.gz'),
        file: 'longshore-agent-linux-x64.tar.gz',
        sha256: sum('a'),
      },
      arm64: null,
    },
    coordinator: {
      path: path.join(folder, 'longshore-coordinator-linux-x64.tar.gz'),
      file: 'longshore-coordinator-linux-x64.tar.gz',
      sha256: sum('c'),
    },
  });
  t.end();
});

t.test('readPrograms: without a complete set it says how to build one', (t) => {
  const wanted = { code: 'INFRA_UNREADY' };

  t.throws(() => readPrograms(t.testdir()), wanted);
  t.throws(() => readPrograms(t.testdir({ 'checksums.txt': 'nonsense\n' })), wanted);
  t.end();
});

t.test('isOlderThanSource: follows the newest file of any source', (t) => {
  const root = t.testdir({ agent: { deep: { 'a.ts': '' } }, fleet: { 'b.ts': '' }, built: '', docs: { 'c.md': '' } });
  const built = path.join(root, 'built');
  const at = (file: string, seconds: number): void => utimesSync(path.join(root, file), seconds, seconds);
  for (const file of ['agent/deep/a.ts', 'fleet/b.ts']) at(file, 1000);
  at('built', 2000);

  t.notOk(isOlderThanSource(built, root));
  at('docs/c.md', 3000);
  t.notOk(isOlderThanSource(built, root), 'what is no source does not count');
  at('agent/deep/a.ts', 3000);
  t.ok(isOlderThanSource(built, root));
  t.ok(isOlderThanSource(path.join(root, 'missing'), root));
  t.end();
});
