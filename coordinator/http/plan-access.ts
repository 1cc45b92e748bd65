/**
 * Who may have a plan made. One that asks for a digest makes the coordinator, and hosts for it, call an address of the
 * caller's choice, and its error says what answered: an operator may, since deploying does the same. With every digest
 * given nothing is asked, and whoever sees the fleet may see the plan. Pure.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { PlanRequest } from '../../protocol/http-api/requests.ts';
import type { Actor } from '../commands.ts';
import { roleSuffices } from './authentication.ts';

/** @throws FORBIDDEN */
export function requirePlanRole(actor: Actor, { spec, images }: PlanRequest): void {
  const open = Object.entries(spec.services)
    .filter(([service, { image }]) => image.digest === null && !Object.hasOwn(images, service))
    .map(([service]) => service);
  if (open.length === 0 || roleSuffices(actor.role, 'operator')) return;
  throw new LongshoreError(
    'FORBIDDEN',
    `plan ${spec.name}: token ${actor.name} has the role ${actor.role}, and asking a registry for the digest of ${open.join(', ')} needs operator`,
    { hint: 'Name every image with its digest (NAME@sha256:...), or ask an admin for a token of the role operator.' },
  );
}
