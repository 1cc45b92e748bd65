/** A saved plan: the spec as it was resolved, the digests, and the hash that must still hold when it is applied. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import { isDigest } from '../fleet/ids.ts';
import { isImageReference } from '../fleet/image-reference.ts';
import { appSpecSchema } from '../protocol/app-spec-schema.ts';
import { planViewSchema } from '../protocol/http-api/views.ts';
import { isSameCoordinator } from './coordinator-url.ts';
import { isSpecialFile, writePrivateFile } from './private-file.ts';

const planFileSchema = z.strictObject({
  longshorePlan: z.literal(1),
  coordinator: z.url(),
  spec: appSpecSchema,
  plan: planViewSchema,
  /** Built for this plan: not yet under the tags that the app file names. */
  built: z
    .array(z.strictObject({ image: z.string().refine(isImageReference), digest: z.string().refine(isDigest) }))
    .default([]),
});

export type PlanFile = z.infer<typeof planFileSchema>;

/** Before minutes of building: whether a plan can be saved there. @throws INPUT_INVALID */
export async function checkPlanPath(path: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory() === true) throw unwritable(path, 'it is a folder');
  const folder = dirname(path);
  const found = await stat(folder).catch(() => null);
  if (found === null) throw unwritable(path, `there is no folder ${folder}`);
  if (!found.isDirectory()) throw unwritable(path, `${folder} is not a folder`);
}

/** @throws INPUT_INVALID where it cannot be written */
export async function writePlanFile(path: string, file: Omit<PlanFile, 'longshorePlan'>): Promise<void> {
  const text = `${JSON.stringify({ longshorePlan: 1, ...file }, null, 2)}\n`;
  try {
    // Environment values of the app stand in it: for its owner only.
    if (await isSpecialFile(path)) await writeFile(path, text);
    else await writePrivateFile(path, text);
  } catch (error) {
    throw unwritable(path, fileFault(error), error);
  }
}

function unwritable(path: string, why: string, cause?: unknown): LongshoreError {
  return new LongshoreError('INPUT_INVALID', `save the plan to ${path}: ${why}`, {
    hint: 'Name a file, in a folder that exists, with --out.',
    cause,
  });
}

/** @throws INPUT_INVALID when it is not a plan, or one of another coordinator */
export async function readPlanFile(path: string, coordinators: readonly string[]): Promise<PlanFile> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not a saved plan' : fileFault(error);
    throw new LongshoreError('INPUT_INVALID', `read the plan ${path}: ${why}`, {
      hint: 'Make one with `longshore plan --out FILE`.',
      cause: error,
    });
  }
  const parsed = planFileSchema.safeParse(json);
  if (!parsed.success)
    throw new LongshoreError('INPUT_INVALID', `read the plan ${path}: it is not a saved plan`, {
      hint: 'Make one with `longshore plan --out FILE`.',
    });
  if (!coordinators.some((each) => isSameCoordinator(parsed.data.coordinator, each))) {
    throw new LongshoreError(
      'INPUT_INVALID',
      `the plan ${path} was made for ${parsed.data.coordinator}, and this is ${coordinators.join(', ')}`,
      { hint: 'Make a new plan here.' },
    );
  }
  return parsed.data;
}
