/** What the store forgets, in parts that are small enough to stand before nothing else. */
import type { HostId } from '../../fleet/ids.ts';
import type { EventSource } from './records.ts';

/** Events of one source that were deleted. */
export interface PrunedEvents {
  readonly source: EventSource;
  /** Null where the source is no host. */
  readonly host: HostId | null;
  readonly reason: 'age' | 'size';
  readonly events: number;
}

export interface RetentionStore {
  /**
   * Deletes at most `limit` events: those that happened before `before` of their source, then, where those of hosts and
   * of the coordinator take more than `maxBytes`, the oldest of the host that has most. The coordinator's own go only
   * where they take half of it. Those of people go by age alone. Null: never. @returns none = nothing is left to do
   */
  pruneEvents(args: {
    readonly before: Readonly<Record<EventSource, number | null>>;
    readonly maxBytes: number | null;
    readonly limit: number;
  }): Promise<readonly PrunedEvents[]>;
  /**
   * Looks at some deployments that were made before `before`, in their order from the one behind `after` (null: from the
   * first), and deletes at most `limit` host steps of those that ended before then and that no host and no app stands
   * on. One without steps goes as a whole once its release is not kept and a newer one of the app is there.
   * @returns `next`: null = all have been looked at
   */
  pruneDeployments(args: {
    readonly before: number;
    readonly after: number | null;
    readonly limit: number;
  }): Promise<{ readonly steps: number; readonly deployments: number; readonly next: number | null }>;
}
