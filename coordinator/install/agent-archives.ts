/**
 * The agents that `install.sh` brings: archives in a folder, by name. Only these names are ever opened, and a checksum is
 * always that of the file as it is now: a folder that is filled anew needs no restart.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { LongshoreError } from '../../fleet/errors.ts';

export interface AgentArchive {
  readonly platform: 'x64' | 'arm64';
  readonly file: string;
  readonly sha256: string;
}

const PLATFORMS = ['x64', 'arm64'] as const;
const nameOf = (platform: AgentArchive['platform']): string => `longshore-agent-linux-${platform}.tar.gz`;

export class AgentArchives {
  readonly #folder: string;
  /** By name, for as long as the file is the same. */
  readonly #known = new Map<string, { readonly state: string; readonly sha256: string }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those that are there; none where the folder is not. @throws CONFIG_INVALID where one cannot be read */
  async list(): Promise<readonly AgentArchive[]> {
    const found = await Promise.all(PLATFORMS.map((platform) => this.#look(platform)));
    return found.filter((archive) => archive !== null);
  }

  /** Null: no archive has this name. @throws CONFIG_INVALID where it cannot be read */
  async open(file: string): Promise<{ readonly bytes: number; readonly stream: Readable } | null> {
    if (!PLATFORMS.some((platform) => nameOf(platform) === file)) return null;
    const handle = await openIfThere(path.join(this.#folder, file));
    if (handle === null) return null;
    const { size } = await handle.stat();
    return { bytes: size, stream: handle.createReadStream() };
  }

  async #look(platform: AgentArchive['platform']): Promise<AgentArchive | null> {
    const file = nameOf(platform);
    const handle = await openIfThere(path.join(this.#folder, file));
    if (handle === null) return null;
    try {
      const facts = await handle.stat();
      const state = `${facts.size} ${facts.mtimeMs} ${facts.ino}`;
      const known = this.#known.get(file);
      if (known?.state === state) return { platform, file, sha256: known.sha256 };
      const hash = createHash('sha256');
      await pipeline(handle.createReadStream({ autoClose: false }), hash);
      const sha256 = hash.digest('hex');
      this.#known.set(file, { state, sha256 });
      return { platform, file, sha256 };
    } finally {
      await handle.close();
    }
  }
}

async function openIfThere(place: string): Promise<FileHandle | null> {
  try {
    return await open(place);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new LongshoreError('CONFIG_INVALID', `read ${place}: ${message}`, {
      cause: error,
      hint: `Make it readable to the coordinator's user: chmod a+rX ${path.dirname(place)} ${place}`,
    });
  }
}
