/**
 * One coordinator a data directory: two would decide over the same deployments. The lock is a name in the kernel (an
 * abstract socket, no file) made of the directory's device and inode; it ends with the process, however that ends.
 */
import { mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { LongshoreError } from '../fleet/errors.ts';

export interface DataDirLock {
  release(): Promise<void>;
}

/** Makes the directory (0700) where it is missing. @throws CONFIG_INVALID where another coordinator has it */
export async function lockDataDir(directory: string): Promise<DataDirLock> {
  const { dev, ino } = await makeDirectory(directory);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      const text = isTaken ? 'another coordinator of this machine uses it' : error.message;
      reject(
        new LongshoreError('CONFIG_INVALID', `use data_dir ${directory}: ${text}`, {
          cause: error,
          hint: 'Stop the other one, or give this one a data_dir of its own.',
        }),
      );
    });
    server.listen({ path: `\0longshore-coordinator-${dev}-${ino}` }, resolve);
  });
  // The lock alone keeps no process alive.
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function makeDirectory(directory: string): Promise<{ readonly dev: number; readonly ino: number }> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await stat(directory);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `use data_dir ${directory}: ${reason}`, { cause: error });
  }
}
