/**
 * The port to the files that the agent keeps on the host for an app's containers: secrets and configs. The planner asks
 * for them before it creates anything; what is missing is waited for, because secrets travel in a frame of their own.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { AppName } from '../../fleet/ids.ts';

export type AppFilesAnswer =
  | {
      readonly kind: 'ready';
      /** By service: what is mounted read-only. */
      readonly mounts: Readonly<Record<string, readonly FileMount[]>>;
      /** By service: secrets that were asked for as variables. */
      readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
    }
  /** The value of this secret, in the pinned version, is not on the host yet. */
  | { readonly kind: 'missing'; readonly secret: string };

export interface FileMount {
  readonly source: string;
  readonly target: string;
}

export interface AppFiles {
  /** Writes what the entry needs, in a place of its own per content, so that running containers keep theirs. Idempotent. */
  ensure(entry: RunEntry): Promise<AppFilesAnswer>;
  /** Removes what none of these entries needs; an empty list = the app is gone. */
  prune(app: AppName, kept: readonly RunEntry[]): Promise<void>;
}
