import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { writeProgramArchive } from '../../../../scripts/build/program-archive.ts';

t.test('program archive: every user may read it, whatever the modes of what it is made of', async (t) => {
  const folder = t.testdir({ tree: { program: '#!/bin/sh\n' } });
  const [tree, cache, output] = ['tree', 'cache', 'out.tar.gz'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(cache);
  const sha256 = await writeProgramArchive(tree, output, cache);
  // As a build with umask 077 leaves it.
  const kept = path.join(cache, 'programs', readdirSync(path.join(cache, 'programs'))[0] ?? '');
  chmodSync(kept, 0o600);
  chmodSync(output, 0o600);

  t.equal(await writeProgramArchive(tree, output, cache), sha256);
  t.equal(statSync(output).mode & 0o777, 0o644);
});
