/** What stands after changes have been stored, without reading it again. Pure. */
import type { Deployment } from '../../fleet/deployment.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { Rollout } from '../store/records.ts';
import type { RolloutChanges } from './rollout-draft.ts';

export function applied(rollout: Rollout, changes: RolloutChanges): Rollout {
  if (changes.targets.length === 0) return { ...rollout, deployment: changes.deployment };
  const targets = new Map(rollout.targets.map((target) => [target.host, target]));
  const lastAttempts: Record<HostId, number> = { ...rollout.lastAttempts };
  for (const target of changes.targets) {
    // Removing what is not there is nothing, as in the store.
    if (target.kind === 'remove' && !targets.has(target.host)) continue;
    targets.set(target.host, target);
    if (target.kind === 'run') lastAttempts[target.host] = target.attempt;
  }
  return { ...rollout, deployment: changes.deployment, targets: [...targets.values()], lastAttempts };
}

export function isNothing(changes: RolloutChanges, before: Deployment): boolean {
  const { steps, targets, quarantine, events, deployment } = changes;
  if (steps.length + targets.length + quarantine.length + events.length > 0) return false;
  return (
    deployment.state === before.state &&
    deployment.wave === before.wave &&
    deployment.settledAt === before.settledAt &&
    deployment.deadlineAt === before.deadlineAt
  );
}
