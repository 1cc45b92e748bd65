// `npm run build`, where dist/ is not of the sources as they are: it takes dist/ away first, and programs of it may be
// running.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isOlderThanSource } from '../../infra/program-age.ts';
import { programs } from './programs.ts';

/** Written last, so a build that was killed is not taken for one. */
export const BUILT_MARK = 'dist/.built';

const OUTPUTS = [...programs.map(({ output }) => output), 'examples/wordcount/dist/server.mjs'];

export function isBuilt(root: string): boolean {
  const isWhole = OUTPUTS.every((output) => existsSync(path.join(root, output)));
  return isWhole && !isOlderThanSource(path.join(root, BUILT_MARK), root);
}

export function buildIfOld(): void {
  const root = path.resolve(import.meta.dirname, '..', '..');
  if (isBuilt(root)) return;
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
