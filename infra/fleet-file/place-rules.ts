/** Whether Google has a region or zone of this name; null where it has. */
import { suggestion } from '../../compose/values/suggest.ts';
import { regionOf, type ZoneTable } from './google-zones.ts';

const NEWER = 'if Google opened it lately, name its zones under `further_zones`';

export function regionProblem(region: string, table: ZoneTable): string | null {
  if (table.regions.includes(region)) return null;
  if (table.regions.includes(regionOf(region))) return `"${region}" is a zone; the region is "${regionOf(region)}"`;
  return `"${region}" is not a region of Google${suggestion(region, table.regions)}; ${NEWER}`;
}

export function zoneProblem(zone: string, table: ZoneTable): string | null {
  const region = regionOf(zone);
  const zones = table.zonesOf(region);
  if (zones.includes(zone)) return null;
  if (zones.length > 0) return `"${zone}" does not exist; ${region} has ${zones.join(', ')}`;
  return `"${zone}" lies in no region of Google${suggestion(region, table.regions)}; ${NEWER}`;
}
