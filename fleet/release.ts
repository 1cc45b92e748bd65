/** An immutable release: an app's resolved spec with every image pinned, its number within the app, and its cause. */
import type { AppSpec } from './app-spec.ts';
import type { AppName, SpecHash } from './ids.ts';

/** Who or what brought something about; stands on releases, deployments and events. */
export type Cause =
  | { readonly kind: 'person'; readonly token: string; readonly note: string | null }
  | { readonly kind: 'schedule'; readonly detail: string }
  | {
      readonly kind: 'host';
      readonly host: string;
      readonly detail: string;
      /** Wall clock of the host when it happened, where it told so and its clock can be believed. */
      readonly at?: number | undefined;
    }
  | { readonly kind: 'coordinator'; readonly detail: string };

export interface Release {
  readonly app: AppName;
  /** 1, 2, 3 ... within the app. */
  readonly number: number;
  /** Every `image.digest` is set. */
  readonly spec: AppSpec;
  /** Instance hash by service name. */
  readonly hashes: Readonly<Record<string, SpecHash>>;
  /** Secret store version by secret name of the file. */
  readonly secretVersions: Readonly<Record<string, number>>;
  readonly cause: Cause;
  readonly createdAt: number;
}
