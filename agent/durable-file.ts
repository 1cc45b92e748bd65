/**
 * Files that survive a power loss: written beside, flushed, renamed over, and the folder flushed too. A reader sees the
 * whole old or the whole new content. All are private to the agent's user.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';

export interface FileAccess {
  readonly mode: number;
  /** Null leaves the agent's own. Only root can give a file away. */
  readonly uid: number | null;
  readonly gid: number | null;
}

const PRIVATE: FileAccess = { mode: 0o600, uid: null, gid: null };

/** @throws NO_SPACE, STATE_FILE_INVALID */
export async function writeDurably(
  file: string,
  content: string | Uint8Array,
  access: FileAccess = PRIVATE,
): Promise<void> {
  const folder = path.dirname(file);
  const beside = `${file}.new`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // A file left by an interrupted write is taken away first: its mode would stay.
    await rm(beside, { force: true });
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      // -1 leaves an owner as it is. The mode comes after the owner, because chown takes special bits away.
      if (access.uid !== null || access.gid !== null) await handle.chown(access.uid ?? -1, access.gid ?? -1);
      await handle.chmod(access.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
    await flushFolder(folder);
  } catch (error) {
    throw asDiskError(error, `write ${file}`);
  }
}

/** Null where the file is not there. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw asDiskError(error, `read ${file}`);
  }
}

/** The rename itself must reach the disk, or a power loss brings the old name back. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function asDiskError(error: unknown, operation: string): LongshoreError {
  const reason = error instanceof Error ? error.message : String(error);
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LongshoreError('NO_SPACE', `${operation}: ${reason}`, { cause: error });
  return new LongshoreError('STATE_FILE_INVALID', `${operation}: ${reason}`, {
    cause: error,
    hint: 'Check that the data directory exists, belongs to the agent and can be written.',
  });
}
