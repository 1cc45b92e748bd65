/**
 * Where a plan and what belongs to it lie. The two stacks share a folder and nothing in it but Terraform's lock file's
 * name; Terraform's data is at the root, so that `terraform apply .plan` needs no variable.
 */
import path from 'node:path';
import type { StackName } from '../stack-name.ts';

export interface Workspace {
  readonly stack: StackName;
  /** All paths are absolute. */
  readonly folder: string;
  readonly planFile: string;
  /** What Terraform writes to; renamed only when all went well. */
  readonly planPart: string;
  /** Terraform's TF_DATA_DIR. */
  readonly dataFolder: string;
  /** What the plan was made from. */
  readonly recordFile: string;
  readonly outputFolder: string;
  /** The stack's configuration, as cdktf lays it out. */
  readonly configuration: string;
  readonly lockFile: string;
}

export function workspaceOf(folder: string, stack: StackName): Workspace {
  const suffix = stack === 'gcp' ? '' : `-${stack}`;
  const dataFolder = path.join(folder, `.terraform${suffix}`);
  const outputFolder = path.join(folder, 'cdktf.out');
  return {
    stack,
    folder,
    planFile: path.join(folder, `.plan${suffix}`),
    planPart: path.join(dataFolder, 'longshore-plan.part'),
    dataFolder,
    recordFile: path.join(dataFolder, 'longshore-plan.json'),
    outputFolder,
    configuration: path.join(outputFolder, 'stacks', stack),
    lockFile: path.join(folder, '.terraform.lock.hcl'),
  };
}

/** What a person types to apply the plan, from where they stand. */
export function applyCommand({ stack, folder, planFile, dataFolder }: Workspace, here: string): string {
  const go = folder === here ? '' : `cd ${quote(folder)} && `;
  const data = stack === 'gcp' ? '' : `TF_DATA_DIR=${path.basename(dataFolder)} `;
  return `${go}${data}terraform apply ${path.basename(planFile)}`;
}

export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
