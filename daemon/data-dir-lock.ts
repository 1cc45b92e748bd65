/**
 * One process a data directory. The lock is a socket file inside of the directory that its owner listens on: it holds for
 * every name, mount and network namespace of the machine under which the directory is reached, nobody without access to
 * the directory can take it, and it ends with the process, however that ends.
 *
 *   - the files are numbered, and who has the highest number has the lock. A number is never given anew while a higher
 *     one is there, so that two who find the same lock dead cannot both take its place
 *   - a socket listens before it gets its number: one that refuses has no owner any more, and stays so
 *
 * On a disk that several machines share it does not hold between them: another machine's socket refuses here.
 */
import { link, open, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';
import { makeFolder } from './make-folder.ts';

export interface DataDirLock {
  release(): Promise<void>;
}

export interface DataDirOwner {
  /** Who takes it; programs of different names may share a directory. */
  readonly program: 'agent' | 'coordinator';
  /** Random, of no other process. */
  readonly token: string;
}

/** What the kernel takes as the path of a socket. */
const LONGEST_PATH = 107;

/** Makes the directory (0700) where it is missing. @throws CONFIG_INVALID where another one has it or it cannot be made */
export async function lockDataDir(directory: string, owner: DataDirOwner): Promise<DataDirLock> {
  try {
    makeFolder(directory);
    const handle = await open(directory, 'r');
    try {
      return await lockFolder(await shortPath(directory, handle.fd), directory, owner);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `use data_dir ${directory}: ${reason}`, {
      cause: error,
      hint: 'Give it a data_dir on a local file system, which it may write and which can hold sockets.',
    });
  }
}

/** By the open directory a path of any length is short. */
async function shortPath(directory: string, fd: number): Promise<string> {
  const byHandle = `/proc/self/fd/${fd}`;
  return (await readdir(byHandle).catch(() => null)) === null ? directory : byHandle;
}

async function lockFolder(folder: string, directory: string, owner: DataDirOwner): Promise<DataDirLock> {
  const { program, token } = owner;
  const beside = path.join(folder, `${program}-lock-${token}.sock`);
  if (Buffer.byteLength(beside) > LONGEST_PATH) {
    throw new LongshoreError('CONFIG_INVALID', `use data_dir ${directory}: its path is too long for a socket`, {
      hint: `Without /proc a socket's path has at most ${LONGEST_PATH} characters: give it a shorter data_dir.`,
    });
  }
  const server = await listen(beside);
  try {
    for (;;) {
      const newest = newestOf(program, await readdir(folder));
      if (newest > 0 && (await isAlive(fileOf(folder, program, newest)))) throw taken(directory, program);
      const ours = newest + 1;
      if (!(await isLinked(beside, fileOf(folder, program, ours)))) continue;
      const names = await readdir(folder);
      // Who was slow may have got a number that was taken away long ago; it means nothing then.
      if (newestOf(program, names) !== ours) {
        await rm(fileOf(folder, program, ours), { force: true });
        continue;
      }
      for (const number of numbersOf(program, names))
        if (number < ours) await rm(fileOf(folder, program, number), { force: true });
      return { release: () => closed(server) };
    }
  } catch (error) {
    await closed(server);
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

function fileOf(folder: string, program: string, number: number): string {
  return path.join(folder, `${program}-lock-${number}.sock`);
}

function numbersOf(program: string, names: readonly string[]): readonly number[] {
  const pattern = new RegExp(`^${program}-lock-([1-9]\\d{0,14})\\.sock$`);
  return names.flatMap((name) => {
    const number = pattern.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function newestOf(program: string, names: readonly string[]): number {
  return Math.max(0, ...numbersOf(program, names));
}

async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function listen(file: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, resolve);
  });
  // Who connects only asks whether somebody is there: one that cannot be taken was answered by the kernel.
  server.on('error', () => undefined);
  // The lock alone keeps no process alive.
  server.unref();
  return server;
}

/** Only a refusal says that nobody is there; an owner that is stopped or has no time for us is one. */
function isAlive(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file);
    const answer = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', (error) => answer(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

function taken(directory: string, program: string): LongshoreError {
  return new LongshoreError('CONFIG_INVALID', `use data_dir ${directory}: another ${program} of this machine uses it`, {
    hint: 'Stop the other one, or give this one a data_dir of its own.',
  });
}
