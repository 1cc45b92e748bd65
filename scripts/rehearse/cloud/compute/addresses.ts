/** IPv4 addresses: inside a subnet for machines, and on the loopback range for what is public in a rehearsal. */
import { objectsAt, textAt } from '../json.ts';
import type { ResourceStore } from '../resource-store.ts';

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** First free address of a subnet; Google keeps the first two and the last two for itself. */
export function freeInternalAddress(range: string, used: ReadonlySet<string>): string | undefined {
  const [base = '', bits = '32'] = range.split('/');
  const start = toNumber(base);
  const size = 2 ** (32 - Number(bits));
  for (let value = start + 2; value < start + size - 2; value += 1)
    if (!used.has(toAddress(value))) return toAddress(value);
  return undefined;
}

/** `prefix` is three numbers: `127.77.0`. */
export function freePublicAddress(prefix: string, used: ReadonlySet<string>): string | undefined {
  for (let last = 2; last < 255; last += 1) if (!used.has(`${prefix}.${last}`)) return `${prefix}.${last}`;
  return undefined;
}

/** Every address that a machine or a reservation of the project holds. */
export function usedAddresses(store: ResourceStore, project: string): Set<string> {
  const used = new Set<string>();
  for (const { path, body } of store.all(`compute/projects/${project}/`)) {
    if (path.includes('/addresses/') && typeof body['address'] === 'string') used.add(body['address']);
    if (path.includes('/forwardingRules/') && typeof body['IPAddress'] === 'string') used.add(body['IPAddress']);
    if (!path.includes('/instances/')) continue;
    for (const port of objectsAt(body, 'networkInterfaces')) {
      const inside = textAt(port, 'networkIP');
      if (inside !== undefined) used.add(inside);
      for (const access of objectsAt(port, 'accessConfigs')) {
        const outside = textAt(access, 'natIP');
        if (outside !== undefined) used.add(outside);
      }
    }
  }
  return used;
}
