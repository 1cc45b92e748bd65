/** Terraform's failures that our users can fix, recognised by Terraform's text; all others pass as they are. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProgramEnd } from './run-program.ts';
import { shellQuote } from '../../fleet/shell-quote.ts';
import type { Workspace } from './workspace.ts';

const REGISTRY =
  /could not connect to registry|Failed to query available provider packages|Failed to install provider|Failed to resolve provider packages/i;
const OTHER_CHECKSUMS =
  /doesn't match any of the checksums|does not match any of the checksums|locked provider .* which does not match/i;
const OTHER_BACKEND = /Backend configuration changed|Backend initialization required|Backend type changed/i;
const LOCKED = /Error acquiring the state lock/i;
const PROTECTED = /Instance cannot be destroyed/i;

export function initFailure(end: ProgramEnd, workspace: Workspace): LongshoreError {
  const said = saidBy(end);
  const text = plain(said);
  if (end.code === null) return notStarted();
  if (OTHER_BACKEND.test(text))
    return new LongshoreError(
      'STATE_ELSEWHERE',
      'prepare Terraform: its state lies somewhere else than fleet.yaml says now',
      {
        hint: `If this is the same fleet, move the state with\n  ${migrateCommand(workspace)}\nand plan again. If it is another fleet, give it a folder of its own: bash plan.sh --dir FOLDER. Nothing was changed.`,
      },
    );
  if (REGISTRY.test(text))
    return new LongshoreError(
      'INFRA_UNREADY',
      'prepare Terraform: its providers cannot be had from the Terraform registry',
      {
        details: firstLines(said),
        hint: 'Where the registry cannot be reached, the providers can be built here from Go modules (some minutes):\n  eval "$(bash scripts/providers.sh)"\nand then run this again in the same shell.',
      },
    );
  if (OTHER_CHECKSUMS.test(text))
    return new LongshoreError(
      'INFRA_UNREADY',
      `prepare Terraform: ${workspace.lockFile} is of other builds of the providers`,
      {
        details: firstLines(said),
        hint: `If you changed where providers come from, remove it: rm ${shellQuote(workspace.lockFile)}`,
      },
    );
  return failed('prepare Terraform (terraform init)', said);
}

export function planFailure(end: ProgramEnd): LongshoreError {
  const said = saidBy(end);
  const text = plain(said);
  if (end.code === null) return notStarted();
  if (LOCKED.test(text))
    return failed(
      'plan',
      said,
      'Somebody else works on this state. Wait for them; `terraform force-unlock` only if they are surely gone.',
    );
  if (PROTECTED.test(text))
    return failed(
      'plan',
      said,
      [
        'What holds data is protected, and this edit would destroy it: take the edit back, or keep the data.',
        'A disk is kept by making its successor from a snapshot (coordinator.data_snapshot, volumes_snapshots: docs/infrastructure.md, "Data that moves").',
        'With `protect: false` the edit destroys the data; the plan then says which, and asks for --destroy-data.',
      ].join('\n'),
    );
  return failed('plan', said);
}

export function applyFailure(end: ProgramEnd): LongshoreError {
  if (end.code === null) return notStarted();
  return new LongshoreError('TERRAFORM_FAILED', `apply the plan: terraform ended with ${end.code}`, {
    hint: 'What was made is in the state. Run `bash plan.sh` again: it plans what is left, and a plan whose state has moved is of no more use.',
  });
}

export function outputFailure(end: ProgramEnd): LongshoreError {
  return end.code === null ? notStarted() : failed('read the outputs', saidBy(end));
}

export function migrateCommand({ dataFolder, configuration }: Workspace): string {
  return `CHECKPOINT_DISABLE=1 TF_DATA_DIR=${shellQuote(dataFolder)} terraform -chdir=${shellQuote(configuration)} init -migrate-state`;
}

function notStarted(): LongshoreError {
  return new LongshoreError('INFRA_UNREADY', 'run terraform: the program is gone');
}

function failed(operation: string, said: string, hint?: string): LongshoreError {
  return new LongshoreError('TERRAFORM_FAILED', `${operation}:\n${said}`, hint === undefined ? {} : { hint });
}

function saidBy({ stdout, stderr }: ProgramEnd): string {
  // Its refreshing of each resource would hide the reason.
  const out = stderr.trim() === '' ? stdout : stderr;
  return out.trim();
}

/** Terraform breaks its lines at 78 columns and draws a frame around them. */
function plain(text: string): string {
  return text.replaceAll(/[│╷╵]/g, ' ').replaceAll(/\s+/g, ' ');
}

function firstLines(text: string): { path: string; message: string; line: null; column: null }[] {
  const lines = text
    .replaceAll(/[│╷╵]/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return [{ path: 'terraform', message: lines.slice(0, 4).join(' ').slice(0, 400), line: null, column: null }];
}
