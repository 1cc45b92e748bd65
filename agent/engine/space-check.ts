/**
 * Asks, before a pull, whether the image fits (`image-space.ts` decides). First its whole size; only where that does
 * not fit, which of its layers are on the disk already. What cannot be known lets the pull go on.
 */
import { statfs } from 'node:fs/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { withTimeLimit } from '../with-time-limit.ts';
import type { PullRequest } from './container-engine.ts';
import { usesContainerd, type EngineInfo } from './engine-description.ts';
import type { EngineClient } from './engine-client.ts';
import { parseImageReference, pinnedReference } from '../../fleet/image-reference.ts';
import { inWords, isAmple, missingLayers, neededBytes, type ImageLayer } from './image-space.ts';
import { isInsecureRegistry } from './insecure-registry.ts';
import type { CredentialSource } from './registry-auth.ts';
import { readLayers } from './registry-client.ts';

/** Free bytes of the file system that holds this path; null where the path cannot be seen from here. */
export type FreeBytes = (path: string) => Promise<number | null>;

export interface SpaceParts {
  readonly client: EngineClient;
  readonly credentials: CredentialSource;
  readonly freeBytes: FreeBytes;
}

const CONTAINERD_ROOT = '/var/lib/containerd';
/** A registry that is slow to tell must not hold up the pull. */
const REGISTRY_TIMEOUT_MS = 5_000;

/** @throws NO_SPACE; errors of the engine */
export async function checkSpace(parts: SpaceParts, request: PullRequest, signal: AbortSignal): Promise<void> {
  const operation = `pull ${pinnedReference(request.reference, request.digest)}`;
  const info = await parts.client.call(operation, async ({ docker }) => (await docker.info()) as EngineInfo);
  const keepsBlobs = usesContainerd(info);
  const free = await leastFree(parts.freeBytes, [info.DockerRootDir, ...(keepsBlobs ? [CONTAINERD_ROOT] : [])]);
  if (free === null || isAmple(free)) return;

  const isTooMuch = (layers: readonly ImageLayer[]): boolean => neededBytes(layers, keepsBlobs) > free;
  const layers = await layersIfTooMuch(parts, request, info, isTooMuch, signal);
  if (layers === null) return;
  const onDisk = await layersOnDisk(parts.client, operation).catch(() => null);
  if (onDisk === null) return;
  const missing = missingLayers(layers, onDisk);
  const needed = neededBytes(missing, keepsBlobs);
  if (needed <= free) return;
  throw new LongshoreError(
    'NO_SPACE',
    `${operation}: it needs about ${inWords(needed)} and ${inWords(free)} are free in ${info.DockerRootDir}`,
  );
}

export const freeBytesAt: FreeBytes = async (path) => {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(error.code))) {
      return null;
    }
    throw error;
  }
};

async function leastFree(freeBytes: FreeBytes, paths: readonly string[]): Promise<number | null> {
  const known = (await Promise.all(paths.map(freeBytes))).filter((bytes) => bytes !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Null where there is room for all of them, and where the registry does not tell. */
async function layersIfTooMuch(
  parts: SpaceParts,
  request: PullRequest,
  info: EngineInfo,
  isTooMuch: (layers: readonly ImageLayer[]) => boolean,
  signal: AbortSignal,
): Promise<readonly ImageLayer[] | null> {
  const reference = parseImageReference(request.reference);
  const image = {
    reference,
    digest: request.digest,
    platform: request.platform ?? `${info.OSType}/${goArchitecture(info.Architecture)}`,
    credential: await parts.credentials(reference.registry, signal),
    insecure: isInsecureRegistry(reference.registry, info.RegistryConfig ?? null),
  };
  try {
    return await withTimeLimit(signal, REGISTRY_TIMEOUT_MS, async (limited) => {
      const found = await readLayers(image, limited);
      return isTooMuch(found.layers) ? await found.withDiffIds() : null;
    });
  } catch {
    if (signal.aborted) throw signal.reason;
    return null;
  }
}

async function layersOnDisk(client: EngineClient, operation: string): Promise<readonly (readonly string[])[]> {
  return client.call(operation, async ({ docker }) => {
    const images = await docker.listImages();
    // One that went away meanwhile has no layers to share.
    const inspected = images.map(({ Id }) =>
      docker
        .getImage(Id)
        .inspect()
        .catch(() => null),
    );
    return (await Promise.all(inspected)).map((image) => image?.RootFS.Layers ?? []);
  });
}

/** `uname`'s word for a machine -> the word of images. */
function goArchitecture(machine: string): string {
  const words: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };
  return words[machine] ?? machine;
}
