/** What a registry says of an image, in the forms of Docker and OCI, as far as sizes need it. Pure. */
import { z } from 'zod';

const descriptorSchema = z.object({ digest: z.string(), size: z.number().nonnegative() });

const imageManifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

const indexSchema = z.object({ manifests: z.array(descriptorSchema.extend({ platform: platformSchema.optional() })) });

export const manifestSchema = z.union([imageManifestSchema, indexSchema]);
export const imageConfigSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

export type ImageManifest = z.infer<typeof imageManifestSchema>;
export type ManifestEntry = z.infer<typeof indexSchema>['manifests'][number];

/** @param platform `linux/arm64` or `linux/arm/v7` @returns null where the index has none for it */
export function pickManifest(entries: readonly ManifestEntry[], platform: string): ManifestEntry | null {
  const [os = '', architecture = '', variant] = platform.split('/');
  const fitting = entries.filter((each) => each.platform?.os === os && each.platform.architecture === architecture);
  return fitting.find((each) => variant === undefined || each.platform?.variant === variant) ?? null;
}
