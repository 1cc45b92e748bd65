/**
 * Whether a machine's account may do what it asks for: so that a rehearsal fails where the stack gives too few roles.
 * The holder of the credentials file owns the project and may do all.
 */
import type { Caller } from './exchange.ts';
import { GoogleError } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';

export interface Wanted {
  /** Any of these suffices. */
  readonly roles: readonly string[];
  readonly permission: string;
  readonly project: string;
  /** Beside the project, what the role may be bound to. */
  readonly resource: string;
  /** What conditions look at; the resource where missing. */
  readonly name?: string;
}

export function isAllowed(policies: IamPolicies, caller: Caller, wanted: Wanted): boolean {
  if (caller.kind === 'owner') return true;
  const resources = [`projects/${wanted.project}`, wanted.resource];
  return policies.allows(caller.email, wanted.roles, resources, wanted.name ?? wanted.resource);
}

export function requireRole(policies: IamPolicies, caller: Caller, wanted: Wanted): void {
  if (isAllowed(policies, caller, wanted)) return;
  throw new GoogleError(
    403,
    'forbidden',
    `${caller.email} does not have ${wanted.permission} access to ${wanted.name ?? wanted.resource} (or it may not exist).`,
  );
}
