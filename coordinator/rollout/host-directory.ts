/** The rows of all hosts, read once and kept until somebody says that the fleet changed. */
import type { HostId } from '../../fleet/ids.ts';
import type { HostRow } from '../store/records.ts';
import type { HostStore } from '../store/store.ts';

export class HostDirectory {
  readonly #store: Pick<HostStore, 'allHosts'>;
  #rows: Promise<readonly HostRow[]> | null = null;
  /** The read that `#ids` is of. */
  #idsOf: Promise<readonly HostRow[]> | null = null;
  #ids: ReadonlySet<HostId> = new Set();

  constructor(store: Pick<HostStore, 'allHosts'>) {
    this.#store = store;
  }

  /** Of the last rows that were read. */
  get count(): number {
    return this.#ids.size;
  }

  async rows(): Promise<readonly HostRow[]> {
    const rows = (this.#rows ??= this.#store.allHosts());
    try {
      const found = await rows;
      if (this.#idsOf !== rows) {
        this.#idsOf = rows;
        this.#ids = new Set(found.map((row) => row.id));
      }
      return found;
    } catch (error) {
      // A failed read must not be kept.
      if (this.#rows === rows) this.#rows = null;
      throw error;
    }
  }

  async has(host: HostId): Promise<boolean> {
    await this.rows();
    return this.#ids.has(host);
  }

  changed(): void {
    this.#rows = null;
  }
}
