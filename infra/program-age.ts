/** Whether something that was built is older than the source that it was built from. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const SOURCES = [
  ...['agent', 'cli', 'compose', 'coordinator', 'fleet', 'protocol', 'setup', 'web'],
  ...['scripts/build', 'scripts/programs-image', 'scripts/build-programs.ts', 'package-lock.json'],
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
