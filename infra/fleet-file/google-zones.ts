/**
 * Regions of Google Compute Engine and the letters of their zones, as published in August 2026. A region that opened
 * later is named in the fleet file under `further_zones`, so that nobody waits for this table.
 */

const LETTERS: Readonly<Record<string, string>> = {
  'africa-south1': 'abc',
  'asia-east1': 'abc',
  'asia-east2': 'abc',
  'asia-northeast1': 'abc',
  'asia-northeast2': 'abc',
  'asia-northeast3': 'abc',
  'asia-south1': 'abc',
  'asia-south2': 'abc',
  'asia-southeast1': 'abc',
  'asia-southeast2': 'abc',
  'asia-southeast3': 'abc',
  'australia-southeast1': 'abc',
  'australia-southeast2': 'abc',
  'europe-central2': 'abc',
  'europe-north1': 'abc',
  'europe-north2': 'abc',
  'europe-southwest1': 'abc',
  'europe-west1': 'bcd',
  'europe-west2': 'abc',
  'europe-west3': 'abc',
  'europe-west4': 'abc',
  'europe-west6': 'abc',
  'europe-west8': 'abc',
  'europe-west9': 'abc',
  'europe-west10': 'abc',
  'europe-west12': 'abc',
  'me-central1': 'abc',
  'me-central2': 'abc',
  'me-west1': 'abc',
  'northamerica-northeast1': 'abc',
  'northamerica-northeast2': 'abc',
  'northamerica-south1': 'abc',
  'southamerica-east1': 'abc',
  'southamerica-west1': 'abc',
  'us-central1': 'abcf',
  'us-east1': 'bcd',
  'us-east4': 'abc',
  'us-east5': 'abc',
  'us-south1': 'abc',
  'us-west1': 'abc',
  'us-west2': 'abc',
  'us-west3': 'abc',
  'us-west4': 'abc',
};

export interface ZoneTable {
  readonly regions: readonly string[];
  readonly zonesOf: (region: string) => readonly string[];
}

/** @param further zones that the table does not have, as `REGION-LETTER` */
export function zoneTable(further: readonly string[]): ZoneTable {
  const zones = new Map(
    Object.entries(LETTERS).map(([region, letters]) => [
      region,
      letters.split('').map((letter) => `${region}-${letter}`),
    ]),
  );
  for (const zone of further) {
    const region = regionOf(zone);
    const known = zones.get(region) ?? [];
    if (!known.includes(zone)) zones.set(region, [...known, zone]);
  }
  return { regions: [...zones.keys()], zonesOf: (region) => zones.get(region) ?? [] };
}

export const ZONE_FORM = /^[a-z]+-[a-z]+\d+-[a-z]$/;

export function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

/** Where nobody names a zone: the second one, since every region has a `b`. */
export function usualZone(region: string, table: ZoneTable): string {
  const zones = table.zonesOf(region);
  return zones.find((zone) => zone.endsWith('-b')) ?? zones[0] ?? `${region}-b`;
}
