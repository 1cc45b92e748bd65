/** The rows of all hosts, read once and kept until somebody says that the fleet changed. */
import type { HostId } from '../../fleet/ids.ts';
import type { HostRow } from '../store/records.ts';
import type { HostStore } from '../store/store.ts';

export class HostDirectory {
  readonly #store: Pick<HostStore, 'allHosts'>;
  #rows: Promise<readonly HostRow[]> | null = null;

  #count = 0;

  constructor(store: Pick<HostStore, 'allHosts'>) {
    this.#store = store;
  }

  /** Of the last rows that were read. */
  get count(): number {
    return this.#count;
  }

  async rows(): Promise<readonly HostRow[]> {
    const rows = (this.#rows ??= this.#store.allHosts());
    try {
      const found = await rows;
      this.#count = found.length;
      return found;
    } catch (error) {
      // A failed read must not be kept.
      if (this.#rows === rows) this.#rows = null;
      throw error;
    }
  }

  async has(host: HostId): Promise<boolean> {
    return (await this.rows()).some((row) => row.id === host);
  }

  changed(): void {
    this.#rows = null;
  }
}
