/** Which apps are ready on this host, and whether the host is, as files that Caddy looks for. */
import type { AppName } from '../../fleet/ids.ts';
import type { IngressFiles } from './ingress-files.ts';
import { HOST_READY_FLAG } from './proxy-options.ts';

export class ReadyFlags {
  readonly #files: Pick<IngressFiles, 'writeReady'>;
  #ready: readonly AppName[] = [];
  /** False: nothing was set yet, and what an earlier run of the agent wrote stays. */
  #isKnown = false;
  /** The machine goes off: nothing of this host is ready any more. */
  #draining = false;
  /** False: an operator removed the host, and nobody updates what it serves. */
  #inFleet = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(files: Pick<IngressFiles, 'writeReady'>) {
    this.#files = files;
  }

  /** Writes what somebody has removed. */
  restore(): Promise<void> {
    return this.#isKnown ? this.#write() : Promise.resolve();
  }

  set(apps: readonly AppName[]): Promise<void> {
    this.#ready = apps;
    this.#isKnown = true;
    return this.#write();
  }

  async setInFleet(inFleet: boolean): Promise<void> {
    if (this.#inFleet === inFleet) return;
    this.#inFleet = inFleet;
    await this.#write();
  }

  /** @returns whether anything was ready */
  async drain(): Promise<boolean> {
    const wasReady = this.#now().length > 0;
    this.#draining = true;
    await this.#write();
    return wasReady;
  }

  #now(): readonly AppName[] {
    return this.#draining || !this.#inFleet ? [] : this.#ready;
  }

  #write(): Promise<void> {
    // One after the other, by the newest: what was under way must not write a flag that a drain took away.
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => {
        const ready = this.#now();
        return this.#files.writeReady(ready.length === 0 ? [] : [...ready, HOST_READY_FLAG]);
      });
    return this.#writing;
  }
}
