/** Which hosts carry other labels than their pool in fleet.json has now, and what people read about it. Pure. */
import type { FleetManifest } from '../../fleet/fleet-manifest.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { HostRow, NewEvent } from '../store/records.ts';

export interface LabelChanges {
  readonly hosts: readonly { readonly host: HostId; readonly labels: Readonly<Record<string, string>> }[];
  readonly events: readonly NewEvent[];
}

/** A pool that is not in the file any more changes nothing: its hosts go when their instances do. */
export function poolLabelChanges(manifest: FleetManifest, hosts: readonly HostRow[], now: number): LabelChanges {
  const pools = new Map(manifest.pools.map((pool) => [pool.name, pool]));
  const changed = hosts.flatMap((row) => {
    const pool = row.instance === null || row.pool === null ? undefined : pools.get(row.pool);
    if (pool === undefined || isSame(pool.labels, row.poolLabels)) return [];
    return [{ row, labels: pool.labels }];
  });
  return {
    hosts: changed.map(({ row, labels }) => ({ host: row.id, labels })),
    events: changed.map(({ row, labels }) => event(row, labels, now)),
  };
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}

function event(row: HostRow, labels: Readonly<Record<string, string>>, at: number): NewEvent {
  const said = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return {
    at,
    kind: 'host.labelled',
    app: null,
    host: row.id,
    deployment: null,
    cause: { kind: 'coordinator', detail: 'fleet.json changed' },
    text: `Labels of host ${row.name} by its pool ${row.pool ?? ''}: ${said.join(', ') || 'none'}`,
  };
}
