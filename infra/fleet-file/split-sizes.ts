/**
 * How a pool's machines are spread over its zones: machine number i stands in zone i modulo the number of zones, in the
 * order of the file. So sizes differ by at most one, and one machine more (or less) changes exactly one zone by one.
 */

export function splitSizes(
  count: number,
  zones: readonly string[],
): { readonly zone: string; readonly count: number }[] {
  return zones.map((zone, index) => ({
    zone,
    count: Math.floor(count / zones.length) + (index < count % zones.length ? 1 : 0),
  }));
}
