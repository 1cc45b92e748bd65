/**
 * Networks of the apps: each gets one piece of the host's range, each replica two fixed addresses in it, one per
 * slot, so that a new instance stands beside the old one and the ingress knows both beforehand.
 */
const FIRST_HOST = 2;

interface Range {
  readonly base: number;
  readonly bits: number;
}

/** A free piece of the pool, as CIDR; null = all are taken. Deterministic: the lowest free one. */
export function allocateSubnet(pool: string, taken: readonly string[]): string | null {
  const range = parseRange(pool);
  const bits = pieceBits(range.bits);
  const used = taken.map(parseRange);
  for (let index = 0; index < 2 ** (bits - range.bits); index += 1) {
    const piece = { base: range.base + index * sizeOf(bits), bits };
    if (!used.some((other) => overlaps(piece, other))) return formatRange(piece);
  }
  return null;
}

/** Address of a replica's slot; null where the network is too small for it. The first address is the gateway's. */
export function addressAt(subnet: string, index: number, slot: 0 | 1): string | null {
  const { base, bits } = parseRange(subnet);
  const offset = FIRST_HOST + 2 * index + slot;
  return offset < sizeOf(bits) - 1 ? formatAddress(base + offset) : null;
}

/** The base index behind an address; null where it is none of ours. */
export function indexOfAddress(subnet: string, address: string, slot: 0 | 1): number | null {
  const { base, bits } = parseRange(subnet);
  const offset = parseRange(address).base - base - FIRST_HOST - slot;
  return offset >= 0 && offset < sizeOf(bits) && offset % 2 === 0 ? offset / 2 : null;
}

/** The base index of the pair that this address belongs to, in whichever slot; null outside of the network. */
export function indexHolding(subnet: string, address: string): number | null {
  return indexOfAddress(subnet, address, 0) ?? indexOfAddress(subnet, address, 1);
}

/** How many replicas of all services one app's network holds. */
export function capacityOf(subnet: string): number {
  return Math.floor((sizeOf(parseRange(subnet).bits) - 1 - FIRST_HOST) / 2);
}

/**
 * Gives each key a base index, keeping those that have one.
 * @param held indexes whose addresses containers hold, whatever the keys say
 */
export function assignIndexes(
  known: Readonly<Record<string, number>>,
  keys: readonly string[],
  held: readonly number[] = [],
): Readonly<Record<string, number>> {
  const indexes: Record<string, number> = { ...known };
  const taken = new Set([...Object.values(known), ...held]);
  let next = 0;
  for (const key of keys) {
    if (indexes[key] !== undefined) continue;
    while (taken.has(next)) next += 1;
    indexes[key] = next;
    taken.add(next);
  }
  return indexes;
}

/** Another free index, the next one after the present; null = there is none. */
export function nextIndex(subnet: string, present: number, taken: readonly number[]): number | null {
  const count = capacityOf(subnet);
  for (let step = 1; step < count; step += 1) {
    const index = (present + step) % count;
    if (!taken.includes(index)) return index;
  }
  return null;
}

/** 254 addresses where the pool has room for sixteen such networks, smaller ones otherwise. */
function pieceBits(poolBits: number): number {
  return poolBits <= 20 ? 24 : Math.min(28, poolBits + 4);
}

function parseRange(cidr: string): Range {
  const [address = '', bits = '32'] = cidr.split('/');
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { base, bits: Number(bits) };
}

const sizeOf = (bits: number): number => 2 ** (32 - bits);
const formatRange = (range: Range): string => `${formatAddress(range.base)}/${range.bits}`;
const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => String(Math.floor(value / 2 ** shift) % 256)).join('.');

function overlaps(a: Range, b: Range): boolean {
  return a.base < b.base + sizeOf(b.bits) && b.base < a.base + sizeOf(a.bits);
}
