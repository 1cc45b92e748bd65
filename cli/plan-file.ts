/** A saved plan: the spec as it was resolved, the digests, and the hash that must still hold when it is applied. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { LongshoreError } from '../fleet/errors.ts';
import { isDigest } from '../fleet/ids.ts';
import { isImageReference } from '../fleet/image-reference.ts';
import { appSpecSchema } from '../protocol/app-spec-schema.ts';
import { planViewSchema } from '../protocol/http-api/views.ts';

const planFileSchema = z.strictObject({
  longshorePlan: z.literal(1),
  coordinator: z.string(),
  spec: appSpecSchema,
  plan: planViewSchema,
  /** Built for this plan: not yet under the tags that the app file names. */
  built: z
    .array(z.strictObject({ image: z.string().refine(isImageReference), digest: z.string().refine(isDigest) }))
    .default([]),
});

export type PlanFile = z.infer<typeof planFileSchema>;

export async function writePlanFile(path: string, file: Omit<PlanFile, 'longshorePlan'>): Promise<void> {
  // Environment values of the app stand in it: for its owner only.
  await writeFile(path, `${JSON.stringify({ longshorePlan: 1, ...file }, null, 2)}\n`, { mode: 0o600 });
}

/** @throws INPUT_INVALID when it is no plan, or one of another coordinator */
export async function readPlanFile(path: string, coordinator: string): Promise<PlanFile> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why =
      error instanceof SyntaxError ? 'it is no saved plan' : error instanceof Error ? error.message : String(error);
    throw new LongshoreError('INPUT_INVALID', `read the plan ${path}: ${why}`, {
      hint: 'Make one with `longshore plan --out FILE`.',
      cause: error,
    });
  }
  const parsed = planFileSchema.safeParse(json);
  if (!parsed.success)
    throw new LongshoreError('INPUT_INVALID', `read the plan ${path}: it is no saved plan`, {
      hint: 'Make one with `longshore plan --out FILE`.',
    });
  if (new URL(parsed.data.coordinator).origin !== new URL(coordinator).origin) {
    throw new LongshoreError(
      'INPUT_INVALID',
      `the plan ${path} was made for ${parsed.data.coordinator}, and this is ${coordinator}`,
      { hint: 'Make a new plan here.' },
    );
  }
  return parsed.data;
}
