/**
 * Which hosts' instances are gone: absent from two complete answers of their zone, one after the other. Anything less
 * removes nobody: an incomplete answer neither counts nor forgets, a sight of the instance forgets. Pure.
 */
import type { HostId } from '../../fleet/ids.ts';
import type { HostRow } from '../store/records.ts';
import type { InstanceList } from './instance-list.ts';

/** How often in a row each host was absent from a complete answer. */
export type Absences = ReadonlyMap<HostId, number>;

const ENOUGH = 2;

export interface GoneFacts {
  /** As they were before the zones were asked: one that enrolled meanwhile is not looked for in older answers. */
  readonly hosts: readonly HostRow[];
  readonly lists: ReadonlyMap<string, InstanceList>;
  readonly absences: Absences;
}

export function goneInstances({ hosts, lists, absences }: GoneFacts): {
  readonly gone: readonly HostRow[];
  readonly absences: Absences;
} {
  const next = new Map<HostId, number>();
  const gone: HostRow[] = [];
  for (const host of hosts) {
    if (host.instance === null) continue;
    const list = lists.get(host.instance.zone);
    const before = absences.get(host.id) ?? 0;
    const count = list?.kind === 'complete' ? (list.ids.has(host.instance.id) ? 0 : before + 1) : before;
    if (count >= ENOUGH) gone.push(host);
    else if (count > 0) next.set(host.id, count);
  }
  return { gone, absences: next };
}
