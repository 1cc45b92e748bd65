/**
 * Which proxy the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for an address. This machine itself and the
 * link-local addresses, where clouds have their metadata server, are never reached through one.
 */
import { BlockList, isIP } from 'node:net';

export type ProxyChoice =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly url: URL }
  /** The variable holds no URL of a proxy; it may hold a password, so it is not repeated. */
  | { readonly kind: 'invalid'; readonly reason: string };

export type Variables = Readonly<Record<string, string | undefined>>;

const DIRECT: ProxyChoice = { kind: 'direct' };

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet('127.0.0.0', 8);
THIS_MACHINE.addAddress('::1', 'ipv6');
THIS_MACHINE.addSubnet('169.254.0.0', 16);
THIS_MACHINE.addSubnet('fe80::', 10, 'ipv6');

export function proxyFor(target: URL, variables: Variables): ProxyChoice {
  const isSecure = target.protocol === 'https:' || target.protocol === 'wss:';
  const name = isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = valueOf(name, variables);
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (value === '' || isThisMachine(host)) return DIRECT;
  const port = target.port === '' ? (isSecure ? '443' : '80') : target.port;
  if (
    valueOf('NO_PROXY', variables)
      .split(/[\s,]+/)
      .some((entry) => covers(entry.toLowerCase(), host, port))
  )
    return DIRECT;
  const text = value.includes('://') ? value : `http://${value}`;
  return /^https?:/i.test(text) && URL.canParse(text)
    ? { kind: 'proxy', url: new URL(text) }
    : { kind: 'invalid', reason: `${name} is not the URL of an HTTP proxy` };
}

function valueOf(name: string, variables: Variables): string {
  return (variables[name] ?? variables[name.toLowerCase()] ?? '').trim();
}

function isThisMachine(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === 'metadata.google.internal') return true;
  return isIP(host) !== 0 && THIS_MACHINE.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** `*`, `example.org` and `.example.org` with all names below, `10.0.0.0/8`, and each with `:port`. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const range = /^([\da-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (range !== null) return isInRange(host, range[1] ?? '', Number(range[2]));
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return bare !== '' && (host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`)));
}

function isInRange(host: string, network: string, prefix: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  range.addSubnet(network, prefix, type);
  return range.check(host, type);
}
