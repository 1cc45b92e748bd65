/**
 * From which address a request comes. Behind a proxy that is what the proxy says in X-Forwarded-For, which anybody can
 * send: only what a trusted proxy wrote counts, read from the right, where the nearest one has written.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

export type ClientAddress = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/** @param trusted addresses and ranges of proxies */
export function clientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList();
  for (const range of trusted) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  const isProxy = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  return ({ headers, socket }) => {
    let address = plainAddress(socket.remoteAddress ?? '') ?? 'unknown';
    for (const hop of hopsOf(headers['x-forwarded-for'])) {
      if (!isProxy(address)) break;
      const next = plainAddress(hop);
      // What is no address was not written by a proxy that is to be believed.
      if (next === null) break;
      address = next;
    }
    return address;
  };
}

/** Longer lists are made up. */
const MOST_HOPS = 32;

/** The nearest first. */
function hopsOf(header: string | readonly string[] | undefined): readonly string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text.split(',').slice(-MOST_HOPS).reverse();
}

/** Without port, brackets and zone; IPv4 as such. Null where it is no address. */
function plainAddress(text: string): string | null {
  const trimmed = text.trim();
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  const address = bare.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
  return isIP(address) === 0 ? null : address;
}
