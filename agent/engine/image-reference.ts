/** An image's name in its parts, as Docker reads it: `nginx` is `docker.io/library/nginx:latest`. */

export interface ImageReference {
  /** Host and port of the registry; `docker.io` where none is written. */
  readonly registry: string;
  /** `library/nginx` */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  /** Registry and repository as written, for the engine: `nginx`, `127.0.0.1:5000/web`. */
  readonly name: string;
}

export const DOCKER_HUB = 'docker.io';

export function parseImageReference(text: string): ImageReference {
  const [beforeDigest = '', digest = null] = text.split('@', 2);
  const colon = beforeDigest.lastIndexOf(':');
  // A colon before a slash belongs to the registry's port.
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const name = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  const registry = hasRegistry ? first : DOCKER_HUB;
  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const isHub = registry === DOCKER_HUB || registry === 'index.docker.io';
  return {
    registry: isHub ? DOCKER_HUB : registry,
    repository: isHub && !rest.includes('/') ? `library/${rest}` : rest,
    tag: hasTag ? beforeDigest.slice(colon + 1) : null,
    digest,
    name,
  };
}
