/**
 * Files that hold something secret: readable by their owner alone, whatever stood there before. Written beside and
 * renamed over, so that a reader sees the whole old or the whole new content.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../daemon/make-folder.ts';

/** Makes the folder where it is missing. @throws the error of the file system */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  makeFolder(dirname(path));
  // A name of its own: a file that was left behind, or that another run writes, would keep its mode.
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** `/dev/stdout`, a pipe: what a rename would replace instead of writing to it. */
export async function isSpecialFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !found.isFile() && !found.isDirectory();
}
