/** Targets by host. */
import type { HostId } from '../../fleet/ids.ts';
import type { Target } from '../store/records.ts';

export function groupTargets(targets: readonly Target[]): ReadonlyMap<HostId, readonly Target[]> {
  const groups = new Map<HostId, Target[]>();
  for (const target of targets) {
    const group = groups.get(target.host);
    if (group === undefined) groups.set(target.host, [target]);
    else group.push(target);
  }
  return groups;
}
