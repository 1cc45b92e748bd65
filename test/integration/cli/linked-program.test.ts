// The program as npm puts it on the PATH: a link in a bin folder to the built file.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import t from 'tap';
import { programs } from '../../../scripts/build/programs.ts';
import { runProgram } from '../../support/run-program.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** A package with the manifest's name and bin, so that npm leaves this tree's own node_modules alone. */
async function linked(folder: string): Promise<string> {
  const { name, version, type, bin } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const source = path.join(folder, 'source');
  mkdirSync(source);
  writeFileSync(path.join(source, 'package.json'), JSON.stringify({ name, version, type, bin }));
  const program = programs.find(({ output }) => output === (bin as { readonly longshore: string }).longshore);
  if (program === undefined) throw new Error(`no program is built as ${JSON.stringify(bin)}`);
  const outfile = path.join(source, program.output);
  await build({ ...program.options, entryPoints: [path.join(root, program.entry)], outfile });
  if (program.executable) chmodSync(outfile, 0o755);
  const prefix = path.join(folder, 'prefix');
  execFileSync('npm', ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix, source], {
    stdio: 'pipe',
  });
  return path.join(prefix, 'bin', 'longshore');
}

t.test('linked program: runs, and gets its own --env-file', async (t) => {
  const folder = t.testdir({ 'compose.yaml': 'services: { web: { image: "nginx:${TAG}" } }\n', env: 'TAG=3\n' });
  const longshore = await linked(folder);
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    LONGSHORE_URL: 'http://127.0.0.1:1',
    LONGSHORE_TOKEN: 'unused',
  };

  const help = await runProgram(longshore, ['--help'], env);
  t.match(help, { status: 0, stdout: /^Usage: longshore /, stderr: '' });

  const file = path.join(folder, 'compose.yaml');
  const missing = await runProgram(longshore, ['deploy', '-f', file, '--env-file', path.join(folder, 'nope')], env);
  t.match(missing, { status: 2, stderr: /APP_FILE_INVALID[^]*nope/ });

  const found = await runProgram(longshore, ['deploy', '-f', file, '--env-file', path.join(folder, 'env')], env);
  t.match(found, { status: 5, stderr: /127\.0\.0\.1:1/ }, 'the app file is read, and the coordinator asked');
});
