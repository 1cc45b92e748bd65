import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { runProgram } from '../../support/run-program.ts';

const script = path.resolve(import.meta.dirname, '../../../scripts/install.sh');

t.test('install.sh: installs only what npm has not installed already, by whomever', async (t) => {
  const folder = t.testdir({ scripts: {}, bin: {}, node_modules: {} });
  copyFileSync(script, path.join(folder, 'scripts/install.sh'));
  writeFileSync(path.join(folder, 'bin/npm'), `#!/bin/sh\necho "$*" >"${folder}/called"\n`, { mode: 0o755 });
  const entry = (version: string, optional = false) => ({ version, integrity: `sha512-${version}`, optional });
  const write = (file: string, packages: object) =>
    writeFileSync(path.join(folder, file), JSON.stringify({ packages }));
  const installs = async (): Promise<boolean> => {
    rmSync(path.join(folder, 'called'), { force: true });
    const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH ?? ''}` };
    const { status } = await runProgram('bash', [path.join(folder, 'scripts/install.sh')], env);
    t.equal(status, 0);
    return existsSync(path.join(folder, 'called'));
  };
  const wanted = { '': { name: 'x' }, 'node_modules/a': entry('1'), 'node_modules/b': entry('1', true) };
  write('package-lock.json', wanted);

  t.equal(await installs(), true, 'nothing is installed');
  const found = 'node_modules/.package-lock.json';
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  write(found, { 'node_modules/a': entry('1') });
  t.equal(await installs(), false, 'as a plain `npm ci` leaves it, on another platform than that of b');
  write(found, { 'node_modules/a': entry('2') });
  t.equal(await installs(), true, 'another version');
  write(found, { 'node_modules/b': entry('1', true) });
  t.equal(await installs(), true, 'without a');
  write(found, { 'node_modules/a': entry('1'), 'node_modules/c': entry('1') });
  t.equal(await installs(), true, 'one too many');
});
