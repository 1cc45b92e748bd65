/**
 * All resources of the cloud by path, in memory and in one file that is replaced whole after each change: so a stand-in
 * that was killed goes on where it was. A path is what stands behind the version in Google's own addresses, with the
 * service before it: `compute/projects/p/global/networks/n`.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from './json.ts';

export interface Stored {
  readonly path: string;
  readonly body: JsonObject;
}

export class ResourceStore {
  readonly #file: string;
  readonly #resources: Map<string, JsonObject>;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = path.join(folder, 'resources.json');
    const saved = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, JsonObject>)
      : {};
    this.#resources = new Map(Object.entries(saved));
  }

  get(path: string): JsonObject | undefined {
    return this.#resources.get(path);
  }

  put(path: string, body: JsonObject): void {
    this.#resources.set(path, body);
    this.#save();
  }

  delete(path: string): void {
    if (this.#resources.delete(path)) this.#save();
  }

  /** Direct children of a collection, by name. */
  list(collection: string): Stored[] {
    const prefix = `${collection}/`;
    return this.all(prefix).filter((stored) => !stored.path.slice(prefix.length).includes('/'));
  }

  /** Everything whose path begins so, by path. */
  all(prefix = ''): Stored[] {
    return [...this.#resources]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, body]) => ({ path, body }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(Object.fromEntries(this.#resources), null, 1)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
