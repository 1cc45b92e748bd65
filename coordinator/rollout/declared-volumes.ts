/** Whether instances of a release keep data in volumes that their images declare. */
import type { Digest } from '../../fleet/ids.ts';
import { uncoveredPaths } from '../../fleet/image-volumes.ts';
import type { Release } from '../../fleet/release.ts';

/** The paths that an image declares as volumes; null where it could not be read. */
export type ImageVolumes = (
  reference: string,
  digest: Digest,
  platform: string | null,
) => Promise<readonly string[] | null>;

/** What cannot be read may declare some: data is not left behind on a guess. */
export async function declaresVolumes({ spec }: Pick<Release, 'spec'>, volumesOf: ImageVolumes): Promise<boolean> {
  const found = Object.values(spec.services).map(async (service) => {
    const { reference, digest, platform } = service.image;
    const declared = digest === null ? null : await volumesOf(reference, digest, platform);
    return declared === null || uncoveredPaths(declared, service).length > 0;
  });
  return (await Promise.all(found)).some(Boolean);
}
