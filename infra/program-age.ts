/** Whether something that was built is older than the source that it was built from. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Files and folders from the root of this repository. */
export const SOURCES: readonly string[] = [
  ...['agent', 'cli', 'compose', 'coordinator', 'daemon', 'fleet', 'protocol', 'setup', 'web', 'examples/wordcount'],
  ...['scripts/build', 'scripts/build.ts', 'scripts/programs-image', 'scripts/build-programs.ts', 'package-lock.json'],
];

export function isOlderThanSource(built: string, root: string): boolean {
  if (!existsSync(built)) return true;
  const since = statSync(built).mtimeMs;
  return SOURCES.some((source) => isNewer(path.join(root, source), since));
}

function isNewer(place: string, since: number): boolean {
  if (!existsSync(place)) return false;
  const found = statSync(place);
  if (!found.isDirectory()) return found.mtimeMs > since;
  return readdirSync(place).some(
    (name) => name !== 'dist' && name !== 'node_modules' && isNewer(path.join(place, name), since),
  );
}
