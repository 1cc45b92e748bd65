/**
 * What an apply of the local stack made and could not write down any more, because it was killed: Terraform does not
 * know it, so that neither a plan nor --destroy would ever take it away, and its names are taken. Pure.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { TerraformPlan } from './plan-json.ts';

export interface StackObject {
  readonly kind: 'container' | 'network';
  readonly name: string;
}

/** @throws INFRA_UNREADY */
export function refuseLeftovers({ resource_changes: changes }: TerraformPlan, objects: readonly StackObject[]): void {
  const known = new Set(changes.map(({ type, change: { before } }) => `${type} ${String(before?.['name'])}`));
  const left = objects.filter(({ kind, name }) => !known.has(`docker_${kind} ${name}`));
  if (left.length === 0) return;
  const commands = left.map(({ kind, name }) =>
    kind === 'container' ? `docker rm -f ${name}` : `docker network rm ${name}`,
  );
  throw new LongshoreError(
    'INFRA_UNREADY',
    `plan the local stack: an apply that was killed has left what the state does not know: ${left.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`,
    { hint: `Take it away and plan again: ${commands.join(' && ')}` },
  );
}
