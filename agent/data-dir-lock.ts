/**
 * Two agents must not share a data directory. The lock is a socket name of the kernel (abstract: it is no file), made of
 * the directory's device and inode, so that it ends with the process, however the process ends, and a bind mount or a
 * link of the same directory counts as the same.
 */
import { mkdir, stat } from 'node:fs/promises';
import net from 'node:net';
import { LongshoreError } from '../fleet/errors.ts';
import { errnoOf } from './durable-file.ts';

export interface DataDirLock {
  release(): Promise<void>;
}

/** Makes the directory where it is missing. @throws CONFIG_INVALID where another agent has it or it cannot be made */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const { dev, ino } = await makeDataDir(dataDir);
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      if (errnoOf(error) !== 'EADDRINUSE') reject(error);
      else
        reject(
          new LongshoreError('CONFIG_INVALID', `use data_dir ${dataDir}: another agent of this machine uses it`, {
            hint: 'Stop the other agent, or give this one a data_dir of its own.',
          }),
        );
    });
    server.listen({ path: `\0longshore-agent-${dev}-${ino}` }, resolve);
  });
  // The lock alone is no reason to stay alive.
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function makeDataDir(dataDir: string): Promise<{ readonly dev: number; readonly ino: number }> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return await stat(dataDir);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `use data_dir ${dataDir}: ${reason}`, { cause: error });
  }
}
