/**
 * Volumes that an image declares (`VOLUME /data`) and the app file does not mention. Each becomes a named volume of
 * (service, replica, path), because what a container writes there has to outlive it. Pure.
 */
import type { ServiceSpec } from './app-spec.ts';

/**
 * Name of the volume within its app. Volumes of the app file cannot have a colon in their names, so the two never meet.
 * Replicas do not share: an image that declares a volume expects to be alone in it.
 */
export function imageVolumeKey(service: string, replica: number, path: string): string {
  return replica === 1 ? `${service}:${path}` : `${service}/${replica}:${path}`;
}

export function isImageVolumeKey(volume: string): boolean {
  return volume.includes(':');
}

/**
 * The declared paths over which the service mounts nothing of its own, sorted. Only an exact target counts, as for
 * Docker: with a mount of `/var/lib` a declared `/var/lib/data` is still a volume of its own.
 */
export function uncoveredPaths(
  declared: readonly string[],
  spec: Pick<ServiceSpec, 'mounts' | 'secrets' | 'configs'>,
): readonly string[] {
  const covered = new Set(
    [
      ...spec.mounts.map((mount) => mount.target),
      ...spec.secrets.flatMap((use) => (use.as === 'file' ? [use.target] : [])),
      ...spec.configs.map((use) => use.target),
    ].map(normalPath),
  );
  const paths = new Set(declared.map(normalPath));
  return [...paths].filter((path) => path !== '/' && !covered.has(path)).sort();
}

/** As Docker reads it: absolute, without empty parts, `.` and `..`. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
