/**
 * Where Terraform's data folder remembers the state to be. Terraform compares every word of that with the configuration,
 * the login too; only another place is a matter of moving a state, which is never done unasked.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { GcsBackendSettings } from '../state-backend.ts';

export type StateBackend =
  | { readonly gcs: GcsBackendSettings; readonly local?: undefined }
  | { readonly local: { readonly path: string }; readonly gcs?: undefined };

const text = z.string().nullish();
const rememberedSchema = z.object({
  backend: z.object({
    type: z.string(),
    config: z.object({ bucket: text, prefix: text, path: text, credentials: text, impersonate_service_account: text }),
  }),
});

export type RememberedState = z.output<typeof rememberedSchema>['backend'];

/** Null: nothing was prepared there yet, or nobody can read it. */
export function rememberedState(dataFolder: string): RememberedState | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(dataFolder, 'terraform.tfstate'), 'utf8'));
    return rememberedSchema.parse(value).backend;
  } catch {
    return null;
  }
}

/** Whether it is the same state, reached with another login, or by another path since its folder was moved. */
export function isSameState(remembered: RememberedState | null, now: StateBackend): boolean {
  if (remembered === null) return false;
  const { type, config } = remembered;
  if (now.gcs !== undefined)
    return type === 'gcs' && config.bucket === now.gcs.bucket && config.prefix === now.gcs.prefix;
  const before = config.path ?? '';
  return (
    type === 'local' &&
    path.basename(before) === path.basename(now.local.path) &&
    (before === now.local.path || (!existsSync(before) && existsSync(now.local.path)))
  );
}

/** For reading alone: with the login that prepared it, where none is named now. */
export function withRememberedLogin(remembered: RememberedState | null, now: StateBackend): StateBackend {
  if (now.gcs === undefined || now.gcs.credentials !== undefined || !isSameState(remembered, now)) return now;
  const { credentials, impersonate_service_account: account } = remembered?.config ?? {};
  return {
    gcs: {
      ...(typeof account === 'string' && account !== '' ? { impersonate_service_account: account } : {}),
      ...(typeof credentials === 'string' && existsSync(credentials) ? { credentials } : {}),
      ...now.gcs,
    },
  };
}
