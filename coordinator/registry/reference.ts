/** The parts of an image reference as Docker reads it. Pure. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest } from '../../fleet/ids.ts';

export interface ImageReference {
  /** As people and credentials name it: `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** Where the reference names one itself. */
  readonly digest: Digest | null;
}

const REGISTRY = /^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/** @throws INPUT_INVALID */
export function parseReference(text: string): ImageReference {
  const [beforeDigest = '', digest] = text.split('@', 2);
  const slash = beforeDigest.indexOf('/');
  const first = slash === -1 ? '' : beforeDigest.slice(0, slash);
  const isHost = first !== '' && (first.includes('.') || first.includes(':') || first === 'localhost');
  const rest = isHost ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = rest.lastIndexOf(':');
  const repository = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? 'latest' : rest.slice(colon + 1);
  const isDigest = digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest);
  const isRegistry = !isHost || REGISTRY.test(first);
  if (!isRegistry || !REPOSITORY.test(repository) || !TAG.test(tag) || !isDigest) {
    throw new LongshoreError('INPUT_INVALID', `read the image reference ${JSON.stringify(text)}: it is none`, {
      hint: 'Write `registry/name:tag`; names are lower-case.',
    });
  }
  const registry = isHost && first !== 'index.docker.io' ? first : 'docker.io';
  const isLibrary = registry === 'docker.io' && !repository.includes('/');
  return {
    registry,
    repository: isLibrary ? `library/${repository}` : repository,
    tag,
    digest: (digest ?? null) as Digest | null,
  };
}

/** The name for Docker Hub and its address differ. */
export const registryAddress = (registry: string): string =>
  registry === 'docker.io' ? 'registry-1.docker.io' : registry;

/** Whether the registry is on this machine, where Docker speaks plain HTTP as well. */
export function isLoopbackRegistry(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host) || host.endsWith('.localhost');
}
