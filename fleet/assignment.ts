/**
 * All that one host should run, whole. Ordered by (epoch, generation); what is not newer is dropped.
 * Absence never deletes: an app goes away only by an entry `remove`, which stays until the agent says it is done.
 */
import type { AppSpec } from './app-spec.ts';
import type { AppName, DeploymentId, Digest, HostId, SpecHash } from './ids.ts';

export interface Assignment {
  readonly host: HostId;
  readonly epoch: number;
  readonly generation: number;
  readonly entries: readonly AssignmentEntry[];
  /** Absent = none. Nothing depends on it: an agent that does not know it pulls when it moves. */
  readonly prefetch?: readonly Prefetch[] | undefined;
}

/** What a deployment that waits for its window will bring: downloaded and kept, started only by its entry. */
export interface Prefetch {
  readonly app: AppName;
  readonly release: number;
  readonly images: readonly PrefetchImage[];
  /** Hosts spread their downloads over this time. */
  readonly spreadMs: number;
}

export interface PrefetchImage {
  readonly service: string;
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: string | null;
}

export type AssignmentEntry = RunEntry | RemoveEntry;

export interface RunEntry {
  readonly kind: 'run';
  readonly app: AppName;
  readonly release: number;
  readonly deployment: DeploymentId;
  /** Counts the tries of this (host, app); a failed one is tried again only under a new number. */
  readonly attempt: number;
  readonly spec: AppSpec;
  readonly hashes: Readonly<Record<string, SpecHash>>;
  /** How many instances of each service this host runs; a service that is not named runs none. */
  readonly replicas: Readonly<Record<string, number>>;
  readonly secretVersions: Readonly<Record<string, number>>;
  /** The attempt returns to an older release: no canary, image from the disk. */
  readonly rollback: boolean;
  /**
   * One-shots that run with every deployment, and on the way back too; absent = none. Not in the spec: agents before
   * this one refuse a spec with a key that they do not know, instead of naming the capability that they lack.
   */
  readonly always?: readonly string[] | undefined;
  /** Services that run on one host for a whole deployment; absent = none. They run only in an attempt that is `onlyOnce`. */
  readonly once?: readonly string[] | undefined;
  /**
   * The attempt runs the services of `once` that are due to their end and changes nothing else: what is committed goes on
   * serving. Due is what is new or changed, or `always`; on the way back only what is `always`.
   */
  readonly onlyOnce?: boolean | undefined;
  /**
   * Services whose instances are replaced although they are unchanged, once in each deployment: a restart. Absent = none.
   * What has done its work is not run again.
   */
  readonly replace?: readonly string[] | undefined;
  /** Services whose file asks for start-first itself; beside the spec for the same reason; absent = none. */
  readonly startFirst?: readonly string[] | undefined;
  /** Volumes that may be made anew where they were deleted. Beside the spec for the same reason. Absent = none. */
  readonly recreateVolumes?: readonly string[] | undefined;
  /** Capabilities the agent must have; it refuses the assignment otherwise. */
  readonly requires: readonly string[];
}

export interface RemoveEntry {
  readonly kind: 'remove';
  readonly app: AppName;
  /** Named volumes too; only when a person asked for it. */
  readonly volumes: boolean;
}

export interface Order {
  readonly epoch: number;
  readonly generation: number;
}

/** Negative: a is older; 0: same; positive: a is newer. */
export function compareOrder(a: Order, b: Order): number {
  return a.epoch === b.epoch ? a.generation - b.generation : a.epoch - b.epoch;
}
