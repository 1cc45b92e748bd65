/** What a konlet VM was told, whichever way it was told, and what could not be taken along. Plain data. */
import type { Position } from '../../compose/source/tree.ts';

export interface KonletWorkload {
  readonly name: string;
  readonly image: string;
  /** konlet's `command` is the engine's entrypoint; null leaves the image's own. */
  readonly command: readonly string[] | null;
  /** konlet's `args` is the engine's command. */
  readonly args: readonly string[] | null;
  readonly env: readonly (readonly [name: string, value: string])[];
  /** As written; relative to where gcloud was run. */
  readonly envFile: string | null;
  readonly mounts: readonly KonletMount[];
  readonly privileged: boolean;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly restart: 'always' | 'on-failure' | 'no';
}

export type KonletMount =
  | { readonly kind: 'host'; readonly path: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'memory'; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'disk'; readonly disk: string; readonly target: string; readonly readOnly: boolean };

/** What the command said about the VM around the container; null and empty where it said nothing. */
export interface KonletMachine {
  /** Instances of their own, or a template for a group. */
  readonly kind: 'single' | 'group';
  readonly names: readonly string[];
  readonly machine: string | null;
  readonly zone: string | null;
  readonly tags: readonly string[];
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly spot: boolean;
  readonly bootDiskGb: number | null;
  readonly bootDiskType: string | null;
  /** Of the disks made with it, by their names (or device names). */
  readonly disks: readonly { readonly name: string | null; readonly sizeGb: number | null }[];
  readonly publicAddress: boolean;
}

/** Something of the source that has no equivalent, or only one that a person must look at. */
export interface ImportNote {
  /** As the source says it: `--service-account`, `hostPath /etc`. */
  readonly what: string;
  readonly why: string;
  readonly at: Position | null;
}

export interface KonletImport {
  readonly workload: KonletWorkload;
  /** Null: a declaration says nothing about the machine. */
  readonly machine: KonletMachine | null;
  readonly notes: readonly ImportNote[];
}
