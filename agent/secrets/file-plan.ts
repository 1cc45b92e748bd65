/**
 * Which files the services of an entry need on this host, and under which names. Pure. A name says all that the content
 * depends on, so that a changed one gets a file of its own and a running container keeps what it was started with:
 * secrets by their version (never by a hash of the value, which could be guessed), configs by a hash.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { FileAccess } from '../durable-file.ts';

export type PlannedFile = {
  readonly name: string;
  readonly target: string;
  readonly access: FileAccess;
} & (
  | { readonly kind: 'secret'; readonly secret: string; readonly version: number }
  | { readonly kind: 'config'; readonly content: string }
);

export interface PlannedVariable {
  readonly variable: string;
  readonly secret: string;
  readonly version: number;
}

export interface ServiceFiles {
  readonly files: readonly PlannedFile[];
  readonly variables: readonly PlannedVariable[];
}

/**
 * As Compose has it: readable by all. On the host nobody but the agent's user gets into the folder above it (0700); in
 * the container a bind-mounted file is reached without that folder, by whatever user the image runs as, who is seldom
 * root and often not known. A file of root with 0400 would be a secret that the app cannot read.
 */
const DEFAULT_MODE = 0o444;

/** By service, only those that this host runs. @throws where the entry names a secret that it does not pin */
export function planFiles(entry: RunEntry, hashOf: (text: string) => string): Readonly<Record<string, ServiceFiles>> {
  const planned: Record<string, ServiceFiles> = {};
  for (const [service, spec] of Object.entries(entry.spec.services)) {
    if ((entry.replicas[service] ?? 0) > 0)
      planned[service] = {
        files: [...secretFiles(entry, spec), ...configFiles(entry, spec, hashOf)],
        variables: variables(entry, spec),
      };
  }
  return planned;
}

/** Versions of each secret that the entries pin. */
export function usedVersions(entries: readonly RunEntry[]): Readonly<Record<string, readonly number[]>> {
  const used: Record<string, number[]> = {};
  for (const entry of entries) {
    for (const [secret, version] of Object.entries(entry.secretVersions)) (used[secret] ??= []).push(version);
  }
  return used;
}

function secretFiles(entry: RunEntry, spec: ServiceSpec): readonly PlannedFile[] {
  return spec.secrets
    .filter((use) => use.as === 'file')
    .map((use): PlannedFile => {
      const access = { mode: use.mode ?? DEFAULT_MODE, uid: use.uid, gid: use.gid };
      const version = versionOf(entry, use.secret);
      return {
        kind: 'secret',
        name: `secret-${safeName(use.secret)}-v${version}-${accessName(access)}`,
        target: use.target,
        access,
        secret: use.secret,
        version,
      };
    });
}

function configFiles(entry: RunEntry, spec: ServiceSpec, hashOf: (text: string) => string): readonly PlannedFile[] {
  return spec.configs.map((use): PlannedFile => {
    const content = entry.spec.configs[use.config]?.content;
    if (content === undefined) throw new Error(`the entry of ${entry.app} has no config ${use.config}`);
    const access = { mode: use.mode ?? DEFAULT_MODE, uid: use.uid, gid: use.gid };
    return {
      kind: 'config',
      name: `config-${safeName(use.config)}-${hashOf(content).slice(0, 32)}-${accessName(access)}`,
      target: use.target,
      access,
      content,
    };
  });
}

function variables(entry: RunEntry, spec: ServiceSpec): readonly PlannedVariable[] {
  return spec.secrets
    .filter((use) => use.as === 'environment')
    .map((use) => ({ variable: use.target, secret: use.secret, version: versionOf(entry, use.secret) }));
}

function versionOf(entry: RunEntry, secret: string): number {
  const version = entry.secretVersions[secret];
  if (version === undefined) throw new Error(`the entry of ${entry.app} pins no version of secret ${secret}`);
  return version;
}

function accessName({ mode, uid, gid }: FileAccess): string {
  return `${mode.toString(8)}-${uid ?? ''}-${gid ?? ''}`;
}

/** One component of a path, whatever the file calls it. */
function safeName(name: string): string {
  return encodeURIComponent(name).slice(0, 120);
}
