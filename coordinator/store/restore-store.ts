/**
 * The store's part after a restore: a host that holds a number which this data never gave shows that the data is an
 * older copy. From then on, over restarts too, nothing is assigned and no target changes until an operator confirms;
 * then every assignment gets a number of a new epoch, above all that was heard.
 */
import type { Order } from '../../fleet/assignment.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { NewEvent } from './records.ts';

/** The restore that waits for an operator, and the host that showed it first. */
export interface PendingRestore {
  /** Wall clock, ms. */
  readonly at: number;
  readonly host: HostId;
  readonly heard: Order;
  readonly known: Order;
}

export interface RestoreStore {
  /**
   * Begins the new epoch, or raises it above `heard` where the restore is known already; the events are written with the
   * first. Numbers that the lost time may have given (attempts, releases, secret versions) are left out from then on.
   * @returns true where it is news
   */
  restoreFound(args: PendingRestore & { readonly events: readonly NewEvent[] }): Promise<boolean>;
  /** Null: nothing waits. */
  pendingRestore(): Promise<PendingRestore | null>;
  /** @returns the epoch of what is assigned from now on. @throws CONFLICT where nothing waits */
  confirmRestore(args: { readonly events: readonly NewEvent[] }): Promise<number>;
}
