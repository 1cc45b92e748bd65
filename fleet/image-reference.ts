/**
 * An image's name in its parts, as Docker reads it: `nginx` is `docker.io/library/nginx:latest`. One reading for the
 * app file, the coordinator that asks the registry, and the agent that pulls.
 */
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
/** The hub's first name, which Docker still writes into its configuration and takes in image names. */
export const DOCKER_HUB_INDEX = 'index.docker.io';

/** @param key of an entry in Docker's configuration: a registry, with or without scheme and path; @returns the registry */
export function registryOfKey(key: string): string {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === DOCKER_HUB_INDEX ? DOCKER_HUB : host;
}
const LONGEST = 400;

const REGISTRY = /^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${PART}(?:/${PART})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Takes anything apart; whether it is one at all is `isImageReference`'s to say. */
export function parseImageReference(text: string): ImageReference {
  const { first, rest, name, tag, digest } = partsOf(text);
  const registry = first ?? DOCKER_HUB;
  const isHub = registry === DOCKER_HUB || registry === DOCKER_HUB_INDEX;
  return {
    registry: isHub ? DOCKER_HUB : registry,
    repository: isHub && !rest.includes('/') ? `library/${rest}` : rest,
    tag,
    digest,
    name,
  };
}

/** For people: as written, with this digest, also where the reference names one itself. */
export function pinnedReference(reference: string, digest: string): string {
  return `${reference.split('@', 1)[0] ?? ''}@${digest}`;
}

export function isImageReference(text: string): boolean {
  const { first, rest, tag, digest } = partsOf(text);
  return (
    text.length <= LONGEST &&
    (first === null || REGISTRY.test(first)) &&
    REPOSITORY.test(rest) &&
    (tag === null || TAG.test(tag)) &&
    (digest === null || DIGEST.test(digest))
  );
}

interface Parts {
  /** The registry as written. */
  readonly first: string | null;
  readonly rest: string;
  readonly name: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

function partsOf(text: string): Parts {
  const at = text.indexOf('@');
  const beforeDigest = at === -1 ? text : text.slice(0, at);
  const colon = beforeDigest.lastIndexOf(':');
  // A colon before a slash belongs to the registry's port.
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const name = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  return {
    first: hasRegistry ? first : null,
    rest: hasRegistry ? name.slice(slash + 1) : name,
    name,
    tag: hasTag ? beforeDigest.slice(colon + 1) : null,
    digest: at === -1 ? null : text.slice(at + 1),
  };
}
