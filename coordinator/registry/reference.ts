/** Where the coordinator asks for an image: its registry, repository and the tag that is meant. Pure. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isDigest } from '../../fleet/ids.ts';
import type { Digest } from '../../fleet/ids.ts';
import { isImageReference, parseImageReference } from '../../fleet/image-reference.ts';

export interface ImageReference {
  /** As people and credentials name it: `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** Where the reference names one itself. */
  readonly digest: Digest | null;
}

/** @throws INPUT_INVALID */
export function parseReference(text: string): ImageReference {
  if (!isImageReference(text)) {
    throw new LongshoreError('INPUT_INVALID', `invalid image reference ${JSON.stringify(text)}`, {
      hint: 'Write `registry/name:tag`; names are lower-case.',
    });
  }
  const { registry, repository, tag, digest } = parseImageReference(text);
  return { registry, repository, tag: tag ?? 'latest', digest: digest !== null && isDigest(digest) ? digest : null };
}

/** The name for Docker Hub and its address differ. */
export const registryAddress = (registry: string): string =>
  registry === 'docker.io' ? 'registry-1.docker.io' : registry;

/** Whether the registry is on this machine, where Docker speaks plain HTTP as well. */
export function isLoopbackRegistry(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host) || host.endsWith('.localhost');
}
