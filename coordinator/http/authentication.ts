/** Bearer token -> Actor, and whether its role is enough. The comparison itself is `Commands.authenticate`'s (constant time). */
import type { Access } from '../../protocol/http-api/route.ts';
import type { Role } from '../../protocol/http-api/words.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Actor, Commands } from '../commands.ts';

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

export function roleSuffices(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** @returns the token of an `Authorization: Bearer` header, or null */
export function bearerToken(header: string | undefined): string | null {
  const match = header === undefined ? null : /^Bearer ([A-Za-z0-9._~+/=-]{1,256})$/i.exec(header);
  return match?.[1] ?? null;
}

/** @throws UNAUTHENTICATED, FORBIDDEN */
export async function authorise(
  commands: Pick<Commands, 'authenticate'>,
  token: string | null,
  access: Exclude<Access, 'public'>,
): Promise<Actor> {
  const actor = token === null ? null : await commands.authenticate(token);
  if (actor === null) {
    throw new LongshoreError(
      'UNAUTHENTICATED',
      token === null ? 'no API token was given' : 'the API token is unknown, expired or revoked',
    );
  }
  requireRole(actor, access);
  return actor;
}

/** @throws FORBIDDEN */
export function requireRole(actor: Actor, access: Role): void {
  if (roleSuffices(actor.role, access)) return;
  throw new LongshoreError('FORBIDDEN', `token ${actor.name} has the role ${actor.role}, and this needs ${access}`);
}
