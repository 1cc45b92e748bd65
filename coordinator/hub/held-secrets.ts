/**
 * Which secrets an agent holds, as far as we know. What it holds is the agent's word: hello says it, and a report does
 * whenever it changed. What was sent counts as held until then. Pure.
 */
import type { AppName } from '../../fleet/ids.ts';

export class HeldSecrets {
  #versions = new Map<string, Set<number>>();

  /** By hello: the newest version of each `app/secret`. */
  heard(newest: Readonly<Record<string, number>>): void {
    for (const [key, version] of Object.entries(newest)) this.#add(key, version);
  }

  sent(key: string, version: number): void {
    this.#add(key, version);
  }

  has(key: string, version: number): boolean {
    return this.#versions.get(key)?.has(version) === true;
  }

  /**
   * By a report, which has all of them.
   * @returns whether something is not there that was taken to be: it was dropped, or is still on its way
   */
  reported(held: Readonly<Record<string, readonly number[]>>): boolean {
    const before = this.#versions;
    this.#versions = new Map(Object.entries(held).map(([key, versions]) => [key, new Set(versions)]));
    return [...before].some(([key, versions]) => [...versions].some((version) => !this.has(key, version)));
  }

  /** An agent that removed an app has dropped its secrets, also one that does not report them. */
  removed(app: AppName): void {
    for (const key of [...this.#versions.keys()]) if (key.startsWith(`${app}/`)) this.#versions.delete(key);
  }

  #add(key: string, version: number): void {
    const versions = this.#versions.get(key) ?? new Set();
    versions.add(version);
    this.#versions.set(key, versions);
  }
}
