/**
 * Whether a state with machines in it would be left behind without a word: Terraform notices a moved state only where
 * its own data folder remembers the old place, and a fresh clone or a removed `.terraform` remembers nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { statePath } from '../state-backend.ts';
import { migrateCommand } from './terraform-failure.ts';
import type { Workspace } from './workspace.ts';

/** @throws STATE_ELSEWHERE */
export function checkStatePlace(fleet: FleetConfig, workspace: Workspace): void {
  if (workspace.stack !== 'gcp' || fleet.state === null) return;
  const file = statePath(workspace.folder, fleet.name, 'gcp');
  if (existsSync(path.join(workspace.dataFolder, 'terraform.tfstate')) || !holdsResources(file)) return;
  throw new LongshoreError(
    'STATE_ELSEWHERE',
    `plan with the state in gs://${fleet.state.bucket}: ${path.basename(file)} holds a state with resources, and the bucket would begin without them`,
    {
      hint: `Take the key \`state\` out of fleet.yaml, plan once, put it back, and move the state with\n  ${migrateCommand(workspace)}\nIf the bucket holds the newer state already, move ${file} away.`,
    },
  );
}

function holdsResources(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    const state: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return (
      typeof state === 'object' &&
      state !== null &&
      'resources' in state &&
      Array.isArray(state.resources) &&
      state.resources.length > 0
    );
  } catch {
    // Damaged: better asked about than left behind.
    return true;
  }
}
