/** `fleet.json`, as Terraform writes it into the bucket: its text to a FleetManifest, or what is wrong with it. Pure. */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetManifest, ManifestPool } from '../../fleet/fleet-manifest.ts';
import { labelsSchema } from '../../protocol/scalars.ts';

/** Unknown keys are ignored: a newer Terraform configuration may say more to a newer coordinator. */
const manifestSchema = z.object({
  version: z.literal(1, 'is of another version'),
  fleet: z.string().min(1),
  project: z.string().min(1),
  projectNumber: z.string().regex(/^\d+$/, 'is not a number'),
  pools: z.array(
    z.object({
      name: z.string().min(1),
      serviceAccount: z.string().min(3),
      labels: labelsSchema,
      zones: z.array(z.string()),
    }),
  ),
  registry: z
    .object({
      prefix: z.string().regex(/^[a-z0-9-]+-docker\.pkg\.dev\/[^/]+\/[^/]+$/, 'is not an Artifact Registry prefix'),
    })
    .nullable(),
});

/** @throws FLEET_FILE_INVALID */
export function parseFleetFile(text: string, where: string): FleetManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new LongshoreError('FLEET_FILE_INVALID', `read ${where}: it is not JSON`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
    line: null,
    column: null,
  }));
  const first = details[0];
  throw new LongshoreError('FLEET_FILE_INVALID', `read ${where}: ${first?.path ?? ''} ${first?.message ?? ''}`, {
    details,
  });
}

/** The pool that a service account is of; null = of none. */
export function poolOf(manifest: FleetManifest, serviceAccount: string): ManifestPool | null {
  return manifest.pools.find((pool) => pool.serviceAccount === serviceAccount) ?? null;
}
