/**
 * The epoch of each route group: the first file, by name, in the group's folder. Caddy makes it a part of the name it
 * looks up, so a new epoch is a new name and ends what Caddy remembers, without a reload and within one request.
 *
 * Names go down, so that the newest is always the first. The one before stays until the next: a request that has read
 * the folder's list finds the file that it chose.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';

const DIGITS = 9;
const FIRST = 36 ** DIGITS - 1;

export class EpochFiles {
  readonly #folder: string;
  /** Newest first. */
  readonly #names: Map<string, readonly string[]>;
  #work: Promise<void> = Promise.resolve();

  private constructor(folder: string, names: Map<string, readonly string[]>) {
    this.#folder = folder;
    this.#names = names;
  }

  static async open(folder: string): Promise<EpochFiles> {
    const keys = await readdir(folder);
    const names = await Promise.all(
      keys.map(async (key): Promise<[string, readonly string[]]> => {
        const found = await readdir(path.join(folder, key));
        return [key, found.filter((name) => /^[0-9a-z]{9}$/.test(name)).sort()];
      }),
    );
    return new EpochFiles(folder, new Map(names));
  }

  /** Resolves when every request that comes later reads the new epochs. @throws NO_SPACE, STATE_FILE_INVALID */
  begin(keys: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(keys.map((key) => this.#begin(key)));
    });
  }

  /** Groups that have begun an epoch whose file somebody has removed. */
  async lost(): Promise<readonly string[]> {
    const known = [...this.#names];
    const found = await Promise.all(
      known.map(async ([key, [newest = '']]) => {
        const there = await readdir(path.join(this.#folder, key)).catch((): readonly string[] => []);
        return there.includes(newest) ? [] : [key];
      }),
    );
    return found.flat();
  }

  /** Removes the folders of groups that are gone. */
  keepOnly(keys: readonly string[]): Promise<void> {
    const kept = new Set(keys);
    return this.#inTurn(async () => {
      const gone = [...this.#names.keys()].filter((key) => !kept.has(key));
      await Promise.all(gone.map((key) => rm(path.join(this.#folder, key), { recursive: true, force: true })));
      for (const key of gone) this.#names.delete(key);
    });
  }

  async #begin(key: string): Promise<void> {
    const folder = path.join(this.#folder, key);
    const names = this.#names.get(key) ?? [];
    const [newest] = names;
    const next = (newest === undefined ? FIRST : Number.parseInt(newest, 36) - 1).toString(36).padStart(DIGITS, '0');
    // Also where it was there before: somebody may have emptied the folder meanwhile.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, next), '', { mode: 0o644 });
    this.#names.set(key, newest === undefined ? [next] : [next, newest]);
    await Promise.all(names.slice(1).map((name) => rm(path.join(folder, name), { force: true })));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.#work.then(work).catch((error: unknown) => {
      throw asProblem(error);
    });
    this.#work = next.catch(() => undefined);
    return next;
  }
}

function asProblem(error: unknown): LongshoreError {
  const reason = error instanceof Error ? error.message : String(error);
  const code = /ENOSPC|EDQUOT/.test(reason) ? 'NO_SPACE' : 'STATE_FILE_INVALID';
  return new LongshoreError(code, `publish the addresses of the ingress: ${reason}`, { cause: error });
}
