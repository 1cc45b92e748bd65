/**
 * Whether an image fits on the disk before it is pulled. Pure. A registry tells compressed sizes; on the disk a layer
 * is unpacked beside what was downloaded, so it is counted several times over. A disk that runs full takes the running
 * apps with it, so a margin stays free; but an unknown size is no reason to refuse.
 */

export interface ImageLayer {
  /** As transferred. */
  readonly bytes: number;
  /** Digest of its unpacked content; null where the image's configuration was not asked for. */
  readonly diffId: string | null;
}

/** Unpacked layers of usual images are 2.5 to 3 times as large as their gzip. */
const EXPANSION = 3;
/** The containerd store keeps the compressed layer as well. */
const EXPANSION_WITH_BLOB = 4;
const MARGIN_BYTES = 256 * 1024 ** 2;
/** So much free space is enough for any image: the registry need not be asked (each question may count as a pull). */
const AMPLE_BYTES = 40 * 1024 ** 3;

export function isAmple(freeBytes: number): boolean {
  return freeBytes >= AMPLE_BYTES;
}

export function neededBytes(layers: readonly ImageLayer[], keepsBlobs: boolean): number {
  const transferred = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  return transferred * (keepsBlobs ? EXPANSION_WITH_BLOB : EXPANSION) + MARGIN_BYTES;
}

/**
 * The layers that are not on the disk. A layer is shared only with all that lie under it the same, so what counts is
 * the longest beginning that some image on the disk has too.
 * @param onDisk for each image on the disk its layers' digests, from the lowest up
 */
export function missingLayers(
  layers: readonly ImageLayer[],
  onDisk: readonly (readonly string[])[],
): readonly ImageLayer[] {
  let shared = 0;
  for (const image of onDisk) {
    let same = 0;
    while (same < layers.length && isSame(layers[same], image[same])) same += 1;
    shared = Math.max(shared, same);
  }
  return layers.slice(shared);
}

function isSame(layer: ImageLayer | undefined, diffId: string | undefined): boolean {
  return diffId !== undefined && layer?.diffId === diffId;
}

/** `1.5 GiB`, for a message. */
export function inWords(bytes: number): string {
  const GIB = 1024 ** 3;
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
