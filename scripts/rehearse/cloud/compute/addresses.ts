/** IPv4 addresses: inside a subnet for machines, and on the loopback range for what is public in a rehearsal. */
import { GoogleError } from '../google-error.ts';
import { type JsonObject, objectsAt, textAt } from '../json.ts';
import type { Stored } from '../resource-store.ts';
import type { Site } from '../site.ts';
import { linkPath } from './compute-path.ts';

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

/** The addresses of one project: what is free, and who holds which. */
export class Addresses {
  readonly #site: Site;
  readonly #publicPrefix: string;

  /** `publicPrefix` is three numbers: `127.77.0`. */
  constructor(site: Site, publicPrefix: string) {
    this.#site = site;
    this.#publicPrefix = publicPrefix;
  }

  /** A free one for a resource: of its subnet where it is internal, else a public one. */
  free(body: JsonObject): string {
    const subnet = linkPath(textAt(body, 'subnetwork') ?? '');
    const range =
      subnet === undefined ? undefined : textAt(this.#site.store.get(`compute/${subnet}`) ?? {}, 'ipCidrRange');
    return body['addressType'] === 'INTERNAL' && range !== undefined ? this.freeInternal(range) : this.freePublic();
  }

  freeInternal(range: string): string {
    return orQuota(freeInternalAddress(range, this.#used()));
  }

  freePublic(): string {
    return orQuota(freePublicAddress(this.#publicPrefix, this.#used()));
  }

  /** What a field means that holds an address, or the link of a reserved one. */
  named(address: string | undefined): string | undefined {
    const path = address === undefined ? undefined : linkPath(address);
    if (path === undefined) return address;
    return textAt(this.#site.store.get(`compute/${path}`) ?? {}, 'address');
  }

  /** Paths of the machines and forwarding rules that use an address. */
  holders(address: string): string[] {
    return this.#all()
      .filter(({ path, body }) =>
        path.includes('/instances/')
          ? portAddresses(body).includes(address)
          : path.includes('/forwardingRules/') && body['IPAddress'] === address,
      )
      .map(({ path }) => path.slice('compute/'.length));
  }

  /** Every address that a machine or a reservation holds. */
  #used(): Set<string> {
    const used = new Set<string>();
    for (const { path, body } of this.#all()) {
      if (path.includes('/addresses/') && typeof body['address'] === 'string') used.add(body['address']);
      if (path.includes('/forwardingRules/') && typeof body['IPAddress'] === 'string') used.add(body['IPAddress']);
      if (path.includes('/instances/')) for (const address of portAddresses(body)) used.add(address);
    }
    return used;
  }

  #all(): readonly Stored[] {
    return this.#site.store.all(`compute/projects/${this.#site.project}/`);
  }
}

function portAddresses(instance: JsonObject): string[] {
  return objectsAt(instance, 'networkInterfaces').flatMap((port) =>
    [textAt(port, 'networkIP'), ...objectsAt(port, 'accessConfigs').map((access) => textAt(access, 'natIP'))].filter(
      (address) => address !== undefined,
    ),
  );
}

function orQuota(address: string | undefined): string {
  if (address === undefined) throw new GoogleError(403, 'quotaExceeded', 'No address is left in the range.');
  return address;
}
