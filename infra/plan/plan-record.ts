/**
 * What a saved plan was made from. Terraform itself refuses a plan whose state has moved; that the configuration was
 * edited since, only this record can tell.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { fileHash } from './configuration-hash.ts';
import type { Workspace } from './workspace.ts';

const recordSchema = z.object({ plan: z.string(), configuration: z.string(), destroy: z.boolean() });

export type PlanRecord = z.output<typeof recordSchema>;

/** From here on the plan counts: it is renamed into place last. */
export function keepPlan(workspace: Workspace, configuration: string, destroy: boolean): void {
  const record: PlanRecord = { plan: fileHash(workspace.planPart), configuration, destroy };
  mkdirSync(path.dirname(workspace.recordFile), { recursive: true });
  writeFileSync(workspace.recordFile, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(workspace.planPart, workspace.planFile);
}

export function dropPlan(workspace: Workspace): void {
  for (const file of [workspace.planFile, workspace.planPart, workspace.recordFile]) rmSync(file, { force: true });
}

/** @throws NOT_FOUND, PLAN_STALE */
export function readRecord(workspace: Workspace): PlanRecord {
  const name = path.basename(workspace.planFile);
  if (!existsSync(workspace.planFile))
    throw new LongshoreError('NOT_FOUND', `apply ${name}: there is no ${workspace.planFile}`, {
      hint: 'Make it with `bash plan.sh`, and read what it would do.',
    });
  const record = existsSync(workspace.recordFile) ? parse(readFileSync(workspace.recordFile, 'utf8')) : null;
  if (record?.plan !== fileHash(workspace.planFile))
    throw new LongshoreError('PLAN_STALE', `apply ${name}: it is not the plan that plan.sh made last`, {
      hint: 'Make a new plan with `bash plan.sh`.',
    });
  return record;
}

function parse(text: string): PlanRecord | null {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
