/**
 * Where a plan and what belongs to it lie. The data and the lock file of the gcp stack are at the root, so that
 * `terraform apply .plan` needs no variable there. Terraform takes only the one lock file of the folder it stands in,
 * with exactly the providers of the plan: so the local stack keeps its own aside, and is applied by plan.sh.
 */
import path from 'node:path';
import { shellQuote } from '../../fleet/shell-quote.ts';
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
  /** The archives that the plan uploads, by checksum. */
  readonly programsFolder: string;
  readonly outputFolder: string;
  /** The stack's configuration, as cdktf lays it out. */
  readonly configuration: string;
  readonly lockFile: string;
}

/** The name that Terraform gives it. */
export const LOCK_FILE = '.terraform.lock.hcl';

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
    programsFolder: path.join(dataFolder, 'longshore-programs'),
    outputFolder,
    configuration: path.join(outputFolder, 'stacks', stack),
    lockFile: path.join(stack === 'gcp' ? folder : dataFolder, LOCK_FILE),
  };
}

/** How plan.sh was called, as far as a further call must say it again. */
export interface PlanCall {
  /** Path of plan.sh. */
  readonly script: string;
  readonly file: string | null;
  readonly directory: string | null;
  /** Where the person stands. */
  readonly here: string;
}

/** What a person types to apply the plan, from where they stand. */
export function applyCommand(workspace: Workspace, call: PlanCall): string {
  const { stack, folder, planFile } = workspace;
  if (stack === 'gcp')
    return `${folder === call.here ? '' : `cd ${shellQuote(folder)} && `}terraform apply ${path.basename(planFile)}`;
  const options = [
    ...['--stack', stack],
    ...(call.file === null ? [] : ['--file', call.file]),
    ...(call.directory === null ? [] : ['--dir', call.directory]),
    '--apply',
  ];
  return ['bash', path.relative(call.here, call.script), ...options].map(shellQuote).join(' ');
}

/** Everything that the plan would do, in Terraform's own words. */
export function showCommand(
  { stack, folder, planFile, dataFolder, configuration }: Workspace,
  { here }: PlanCall,
): string {
  if (stack === 'gcp')
    return `${folder === here ? '' : `cd ${shellQuote(folder)} && `}terraform show ${path.basename(planFile)}`;
  return `TF_DATA_DIR=${shellQuote(dataFolder)} terraform -chdir=${shellQuote(configuration)} show ${shellQuote(planFile)}`;
}
