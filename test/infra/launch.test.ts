// The launcher of the infrastructure's programs, in a checkout of two files.
import { execFileSync, spawnSync } from 'node:child_process';
import { realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';

const PROGRAM = `
import { place } from './inside/place.ts';
const word: string = process.argv.slice(2).join(' ');
console.log(JSON.stringify([word, import.meta.dirname, place]));
`;

t.test('launch: a checkout that was moved or copied works in its new folder, with what it cached before', (t) => {
  const folder = realpathSync(
    t.testdir({
      first: {
        'package-lock.json': '{}',
        infra: {
          'program.ts': PROGRAM,
          inside: { 'place.ts': 'export const place: string = import.meta.dirname;\n' },
        },
      },
    }),
  );
  const first = path.join(folder, 'first');
  execFileSync('cp', ['infra/launch.mjs', path.join(first, 'infra')]);
  symlinkSync(path.resolve('node_modules'), path.join(first, 'node_modules'));
  const run = (checkout: string): unknown => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(checkout, 'infra/launch.mjs'), path.join(checkout, 'infra/program.ts'), 'an', 'argument'],
      { cwd: folder, encoding: 'utf8' },
    );
    return stderr === '' ? JSON.parse(stdout) : stderr;
  };
  const expected = (checkout: string): unknown => [
    'an argument',
    path.join(checkout, 'infra'),
    path.join(checkout, 'infra/inside'),
  ];
  t.same(run(first), expected(first));

  const copy = path.join(folder, 'a copy');
  execFileSync('cp', ['-a', first, copy]);
  // Only a program that is looked for in the old folder would find this.
  writeFileSync(path.join(first, 'infra/inside/place.ts'), 'throw new Error("the old folder");\n');
  t.same(run(copy), expected(copy));

  const moved = path.join(folder, 'moved');
  renameSync(copy, moved);
  t.same(run(moved), expected(moved));
  t.end();
});
