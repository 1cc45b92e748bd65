/**
 * The ingress's folder in the agent's data directory, shared with Caddy's container:
 *
 *   shared/caddy.json    the configuration that Caddy starts with, also while the agent is away
 *   shared/ready/        one empty file for each app that is ready, and one for the host
 *   shared/certificates/ copies of own certificates that were found good, each with its key
 *   shared/epochs/       a folder for each group; the name of its first file changes with each publication
 *   shared/hold.sock     the hold listener
 *   hosts                the addresses last published, mounted as /etc/hosts: the fallback
 *   run/<hash>/          admin socket of one container
 *   storage/             Caddy's certificates
 *   state.json           what was configured last, so that a publication means something before the first `configure`
 *   answerer-port        port of the answerer, kept so that a restart of the agent changes nothing for Caddy
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';
import type { Feature } from './caddy-features.ts';
import type { IngressApp } from './ingress.ts';

export interface IngressState {
  readonly apps: readonly IngressApp[];
  /** Of the container that took the configuration; its version knows `features`. */
  readonly containerHash: string;
  readonly features: readonly Feature[];
}

export interface IngressFiles {
  readonly shared: string;
  readonly hosts: string;
  readonly storage: string;
  readonly epochs: string;
  readonly certificates: string;
  readonly holdSocket: string;
  runFolder(hash: string): string;
  adminSocket(hash: string): string;
  hasRunFolder(hash: string): Promise<boolean>;
  /** Removes copies that the configuration does not name any more. */
  pruneCertificates(keep: readonly string[]): Promise<void>;
  readConfig(): Promise<string | null>;
  writeConfig(text: string): Promise<void>;
  /** In place: the container holds the file itself, not its name. */
  writeHosts(text: string): Promise<void>;
  readState(): Promise<IngressState | null>;
  /** An IngressState as JSON. */
  writeState(text: string): Promise<void>;
  readReady(): Promise<readonly string[]>;
  writeReady(names: readonly string[]): Promise<void>;
  readPort(): Promise<number>;
  writePort(port: number): Promise<void>;
  /** Folders of containers that are gone. */
  pruneRunFolders(keep: readonly string[]): Promise<void>;
}

/** A unix socket's path has 108 bytes with its end. */
const LONGEST_SOCKET_PATH = 107;

/** Makes the folders. @throws CONFIG_INVALID where the path is too long for a unix socket */
export async function openIngressFiles(root: string): Promise<IngressFiles> {
  const shared = path.join(root, 'shared');
  const ready = path.join(shared, 'ready');
  const run = path.join(root, 'run');
  const hosts = path.join(root, 'hosts');
  const adminSocket = (hash: string): string => path.join(run, hash, 'admin.sock');
  const longest = Buffer.byteLength(adminSocket('0'.repeat(8)));
  if (longest > LONGEST_SOCKET_PATH) {
    throw new LongshoreError('CONFIG_INVALID', `open the ingress's folder ${root}: its path is too long for a socket`, {
      hint: `Choose a data_dir that is ${longest - LONGEST_SOCKET_PATH} characters shorter.`,
    });
  }
  for (const folder of [ready, run, path.join(root, 'storage'), path.join(shared, 'epochs')])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = {
    config: path.join(shared, 'caddy.json'),
    port: path.join(root, 'answerer-port'),
    state: path.join(root, 'state.json'),
  };

  return {
    shared,
    hosts,
    storage: path.join(root, 'storage'),
    epochs: path.join(shared, 'epochs'),
    certificates: path.join(shared, 'certificates'),
    holdSocket: path.join(shared, 'hold.sock'),
    runFolder: (hash) => path.join(run, hash),
    adminSocket,
    hasRunFolder: async (hash) => (await readdir(run)).includes(hash),
    pruneCertificates: async (keep) => {
      const there = await readdir(path.join(shared, 'certificates')).catch(() => []);
      const gone = there.filter((name) => !keep.includes(name));
      await Promise.all(gone.map((name) => rm(path.join(shared, 'certificates', name), { force: true })));
    },
    readConfig: () => readIfThere(file.config),
    writeConfig: (text) => writeDurably(file.config, text),
    readState: async () => parseState(await readIfThere(file.state)),
    writeState: (text) => writeDurably(file.state, text),
    writeHosts: (text) => writeInPlace(hosts, text),
    readReady: () => readdir(ready),
    writeReady: async (names) => {
      // Somebody may have removed it.
      await mkdir(ready, { recursive: true, mode: 0o700 });
      const there = await readdir(ready);
      // Taken away first: a drain must not wait for anything.
      await Promise.all(
        there.filter((name) => !names.includes(name)).map((name) => rm(path.join(ready, name), { force: true })),
      );
      await Promise.all(
        names
          .filter((name) => !there.includes(name))
          .map((name) => writeFile(path.join(ready, name), '', { mode: 0o644 })),
      );
    },
    readPort: async () => {
      const text = await readIfThere(file.port);
      const port = text === null ? 0 : Number(text.trim());
      return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
    },
    writePort: (port) => writeDurably(file.port, `${port}\n`),
    pruneRunFolders: async (keep) => {
      const there = await readdir(run);
      const gone = there.filter((name) => !keep.includes(name));
      await Promise.all(gone.map((name) => rm(path.join(run, name), { recursive: true, force: true })));
    },
  };
}

/** Our own file, written whole: what does not parse was damaged, and the next `configure` writes it again. */
function parseState(text: string | null): IngressState | null {
  if (text === null) return null;
  try {
    const state = JSON.parse(text) as IngressState;
    return Array.isArray(state.apps) && Array.isArray(state.features) ? state : null;
  } catch {
    return null;
  }
}

/** One write, padded with empty lines over the rest of the old content, then the cut: no reader sees half a line. */
async function writeInPlace(file: string, text: string): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(size, Buffer.byteLength(text)), '\n');
    bytes.write(text);
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.truncate(Buffer.byteLength(text));
  } finally {
    await handle.close();
  }
}
