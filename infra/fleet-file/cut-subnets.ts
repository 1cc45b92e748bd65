/**
 * IPv4 ranges of the fleet's network. Each region gets a sixteenth of the network's range, by its position in `regions`:
 * a region that is added at the end moves no other, which matters since a subnet that moves is a subnet made anew with
 * every machine in it.
 */

/** The last sixteenth is for Google's managed services (database, cache). */
export const MAX_REGIONS = 15;
/** Google keeps the first two addresses of a subnet for itself. */
const COORDINATOR_OFFSET = 10;
/** The last two are Google's, too. */
const KEPT_AT_END = 2;

export interface Ipv4Range {
  readonly base: number;
  readonly bits: number;
}

export const RANGE_FORM = /^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/;

/** Null where the text is no IPv4 range, or names a host inside one. */
export function parseRange(text: string): Ipv4Range | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return null;
  const numbers = match.slice(1).map(Number);
  const bits = numbers[4] ?? 0;
  if (bits > 32 || numbers.slice(0, 4).some((octet) => octet > 255)) return null;
  const base = numbers.slice(0, 4).reduce((sum, octet) => sum * 256 + octet, 0);
  return base % 2 ** (32 - bits) === 0 ? { base, bits } : null;
}

/** RFC 1918: what may stand behind NAT without hiding a part of the internet. */
export function isPrivateRange(range: Ipv4Range): boolean {
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].some((text) => {
    const outer = parseRange(text);
    return outer !== null && contains(outer, range);
  });
}

export function contains(outer: Ipv4Range, inner: Ipv4Range): boolean {
  return (
    inner.bits >= outer.bits && Math.floor(inner.base / 2 ** (32 - outer.bits)) * 2 ** (32 - outer.bits) === outer.base
  );
}

/** @param text a range of the right form */
export function overlaps(range: Ipv4Range, text: string): boolean {
  const other = parseRange(text);
  return other !== null && (contains(range, other) || contains(other, range));
}

/** @param regions at most MAX_REGIONS */
export function cutSubnets(
  range: Ipv4Range,
  regions: readonly string[],
): { readonly region: string; readonly range: string }[] {
  const bits = range.bits + 4;
  return regions.map((region, index) => ({
    region,
    range: `${renderAddress(range.base + index * 2 ** (32 - bits))}/${bits}`,
  }));
}

/** Where Google may place managed services: the last sixteenth of the network's range. */
export function servicesRange(range: string): string {
  const { base, bits } = parseRange(range) ?? { base: 0, bits: 16 };
  return `${renderAddress(base + MAX_REGIONS * 2 ** (32 - bits - 4))}/${bits + 4}`;
}

/** The coordinator's address: the same in every fleet's subnet, so that it survives any edit. */
export function coordinatorAddress(subnet: string): string {
  return renderAddress((parseRange(subnet)?.base ?? 0) + COORDINATOR_OFFSET);
}

/** The standby's: the last that Google lets a machine have, which in a fleet that grew no host has taken yet. */
export function standbyAddress(subnet: string): string {
  const { base, bits } = parseRange(subnet) ?? { base: 0, bits: 16 };
  return renderAddress(base + 2 ** (32 - bits) - 1 - KEPT_AT_END);
}

function renderAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
