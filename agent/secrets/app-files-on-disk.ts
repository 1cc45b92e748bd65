/**
 * Secrets and configs as files under `<data dir>/files/<app>/`, a folder that only the agent's user enters. A file is
 * written whole before its name exists and never changed afterwards.
 */
import { createHash } from 'node:crypto';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { RunEntry } from '../../fleet/assignment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import { errnoOf, writeDurably } from '../durable-file.ts';
import type { AppFiles, AppFilesAnswer, FileMount } from '../reconcile/app-files.ts';
import { planFiles, usedVersions, type PlannedFile } from './file-plan.ts';
import type { SealedStore } from './sealed-store.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export class AppFilesOnDisk implements AppFiles {
  readonly #root: string;
  readonly #secrets: SealedStore;

  constructor(dataDir: string, secrets: SealedStore) {
    this.#root = path.join(dataDir, 'files');
    this.#secrets = secrets;
  }

  async ensure(entry: RunEntry): Promise<AppFilesAnswer> {
    const planned = planFiles(entry, sha256);
    const missing = this.#missing(entry);
    if (missing !== null) return { kind: 'missing', secret: missing };
    const mounts: Record<string, readonly FileMount[]> = {};
    const environment: Record<string, Readonly<Record<string, string>>> = {};
    for (const [service, { files, variables }] of Object.entries(planned)) {
      const written: FileMount[] = [];
      for (const file of files) written.push({ source: await this.#write(entry.app, file), target: file.target });
      mounts[service] = written;
      environment[service] = Object.fromEntries(
        variables.map(({ variable, secret, version }) => [variable, this.#text(entry.app, secret, version)]),
      );
    }
    return { kind: 'ready', mounts, environment };
  }

  async prune(app: AppName, kept: readonly RunEntry[]): Promise<void> {
    const needed = new Set(
      kept.flatMap((entry) =>
        Object.values(planFiles(entry, sha256)).flatMap(({ files }) => files.map(({ name }) => name)),
      ),
    );
    const folder = path.join(this.#root, app);
    for (const name of await namesIn(folder)) {
      if (!needed.has(name)) await rm(path.join(folder, name), { force: true });
    }
    if (kept.length === 0) await removeFolder(folder);
    await this.#secrets.keepOnly(app, usedVersions(kept));
  }

  /** The first pinned secret that is used on this host and not here. */
  #missing(entry: RunEntry): string | null {
    for (const { files, variables } of Object.values(planFiles(entry, sha256))) {
      const uses = [...files.filter((file) => file.kind === 'secret'), ...variables];
      const found = uses.find(({ secret, version }) => this.#secrets.value(entry.app, secret, version) === null);
      if (found !== undefined) return found.secret;
    }
    return null;
  }

  async #write(app: AppName, file: PlannedFile): Promise<string> {
    const where = path.join(this.#root, app, file.name);
    if (await isFile(where)) return where;
    const content = file.kind === 'config' ? file.content : this.#value(app, file.secret, file.version);
    try {
      await writeDurably(where, content, file.access);
    } catch (error) {
      if (error instanceof LongshoreError && errnoOf(error.cause) === 'EPERM') {
        throw new LongshoreError(
          'POLICY_REFUSED',
          `write ${file.target} of ${app}: only an agent that runs as root can give a file to user ${file.access.uid ?? '-'} and group ${file.access.gid ?? '-'}`,
          {
            cause: error,
            hint: 'Run the agent as root, or leave uid and gid out of the app file.',
          },
        );
      }
      throw error;
    }
    return where;
  }

  #value(app: AppName, secret: string, version: number): Buffer {
    const value = this.#secrets.value(app, secret, version);
    if (value === null)
      throw new LongshoreError(
        'SECRET_MISSING',
        `read secret ${app}/${secret} version ${version}: it is not on this host`,
      );
    return value;
  }

  #text(app: AppName, secret: string, version: number): string {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(this.#value(app, secret, version));
      if (!text.includes('\0')) return text;
    } catch (error) {
      if (error instanceof LongshoreError) throw error;
    }
    throw new LongshoreError('INPUT_INVALID', `give secret ${app}/${secret} as a variable: it is not text`, {
      hint: 'Use it as a file.',
    });
  }
}

async function isFile(where: string): Promise<boolean> {
  try {
    return (await stat(where)).isFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
