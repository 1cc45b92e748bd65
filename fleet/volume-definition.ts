/** When a volume is another one: its name decides which, and driver and options cannot be changed once it exists. Pure. */
import { canonicalJson } from './canonical-json.ts';
import type { VolumeSpec } from './app-spec.ts';

export const DEFAULT_DRIVER = 'local';

/** Driver and options of a volume, as far as they make its content. */
export interface VolumeDefinition {
  readonly driver: string | null;
  readonly driverOpts: Readonly<Record<string, string>>;
}

/** What differs, as the app file names it: `driver`, `driver_opts.type`. */
export function definitionChanges(existing: VolumeDefinition, wanted: VolumeDefinition): readonly string[] {
  const changes: string[] = [];
  if ((existing.driver ?? DEFAULT_DRIVER) !== (wanted.driver ?? DEFAULT_DRIVER)) changes.push('driver');
  const options = new Set([...Object.keys(existing.driverOpts), ...Object.keys(wanted.driverOpts)]);
  for (const option of [...options].sort())
    if (existing.driverOpts[option] !== wanted.driverOpts[option]) changes.push(`driver_opts.${option}`);
  return changes;
}

/** The two name one volume of a host. Without a name it is ours, named after host, app and volume. */
export function isSameVolume(a: VolumeSpec, b: VolumeSpec): boolean {
  return a.external === b.external && a.name === b.name;
}

export function sameLabels(a: VolumeSpec, b: VolumeSpec): boolean {
  return canonicalJson(a.labels) === canonicalJson(b.labels);
}
