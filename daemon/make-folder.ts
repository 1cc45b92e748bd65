/**
 * Makes a folder with what is missing above it. Not `recursive` of node:fs: below a folder that takes no entries and
 * answers ENOENT, as /proc does, it tries again for ever, in a thread that no signal ends.
 */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Those that are there keep their mode. @throws the error of the file system */
export function makeFolder(folder: string, mode = 0o700): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = path.dirname(path.resolve(folder));
    if (code !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
    makeFolder(parent, mode);
    makeFolder(folder, mode);
  }
}
