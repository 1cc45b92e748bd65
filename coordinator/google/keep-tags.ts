/**
 * Artifact Registry's clean-up knows tags and age, not releases: it spares tags that begin with `keep-`. So each image
 * of a kept release has the tag `keep-APP-NUMBER`, and loses it when the release is forgotten. Pure: which tags should
 * be, and what has to change.
 */
import type { Release } from '../../fleet/release.ts';
import { parseReference } from '../registry/reference.ts';

export const KEEP_PREFIX = 'keep-';
/** What we give; a person's `keep-this` is left alone. */
const OURS = /^keep-[a-z0-9][a-z0-9_-]*-\d+(?:\.\d+)?$/;

export interface KeepTag {
  /** Package of the repository: the image's name below the prefix, with its slashes. */
  readonly package: string;
  readonly tag: string;
  readonly digest: string;
}

export interface TagChanges {
  readonly add: readonly KeepTag[];
  /** The tag is there and is another image's. */
  readonly move: readonly KeepTag[];
  readonly remove: readonly KeepTag[];
}

/** @param prefix `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`: images elsewhere are not ours to keep */
export function wantedTags(prefix: string, releases: readonly Release[]): readonly KeepTag[] {
  return releases.flatMap((release) => {
    const byPackage = new Map<string, Set<string>>();
    for (const { image } of Object.values(release.spec.services)) {
      const name = packageOf(prefix, image.reference);
      if (name === null || image.digest === null) continue;
      byPackage.set(name, (byPackage.get(name) ?? new Set()).add(image.digest));
    }
    return [...byPackage].flatMap(([name, digests]) =>
      // Two services of one release may use two images of one name: the second gets a tag of its own.
      [...digests].sort().map((digest, index) => ({
        package: name,
        tag: `${KEEP_PREFIX}${release.app}-${release.number}${index === 0 ? '' : `.${index + 1}`}`,
        digest,
      })),
    );
  });
}

/** @param present every tag of the repository's packages that begins with `keep-` */
export function tagChanges(wanted: readonly KeepTag[], present: readonly KeepTag[]): TagChanges {
  const key = ({ package: name, tag }: KeepTag): string => `${name}:${tag}`;
  const there = new Map(present.map((tag) => [key(tag), tag.digest]));
  const kept = new Set(wanted.map(key));
  return {
    add: wanted.filter((tag) => !there.has(key(tag))),
    move: wanted.filter((tag) => there.has(key(tag)) && there.get(key(tag)) !== tag.digest),
    remove: present.filter((tag) => OURS.test(tag.tag) && !kept.has(key(tag))),
  };
}

function packageOf(prefix: string, reference: string): string | null {
  const { registry, repository } = parseReference(reference);
  const whole = `${registry}/${repository}`;
  return whole.startsWith(`${prefix}/`) ? whole.slice(prefix.length + 1) : null;
}
