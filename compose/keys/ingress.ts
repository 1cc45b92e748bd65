/** `x-longshore.ingress` of a service: one route or a list; `example.org:8080` in short. */
import type { IngressRoute } from '../../fleet/app-spec.ts';
import { fields, type KeyTable } from './key-table.ts';
import {
  choice,
  type Cursor,
  fail,
  integerIn,
  itemsOrOne,
  readBoolean,
  readFilledText,
  readIf,
  readOr,
} from './read.ts';

export const INGRESS_KEYS = {
  host: 'read',
  path: 'read',
  port: 'read',
  tls: 'read',
  weight: 'read',
  strip_prefix: 'read',
  shared: 'read',
} satisfies KeyTable;

export function readIngress(cursor: Cursor): readonly IngressRoute[] {
  return itemsOrOne(cursor).flatMap((item) => (item.tree.kind === 'map' ? longRoute(item) : shortRoute(item)) ?? []);
}

function shortRoute(item: Cursor): IngressRoute | null {
  const text = readFilledText(item);
  if (text === null) return null;
  const [, host = '', path = '/', port = ''] = /^([^/:\s]+)(\/[^:\s]*)?:(\d{1,5})$/.exec(text) ?? [];
  if (Number(port) < 1 || Number(port) > 65_535)
    return fail(item, `takes {host, path, port, tls}, or HOST[/PATH]:PORT in short; this is "${text}"`);
  return { ...routeTo(host, path), port: Number(port) };
}

function longRoute(item: Cursor): IngressRoute | null {
  const given = fields(item, INGRESS_KEYS);
  if (given.port === undefined) return fail(item, 'the "port" of the container is missing');
  const port = integerIn(1, 65_535)(given.port);
  const host = readOr(given.host, readFilledText, '*');
  const path = readOr(given.path, readFilledText, '/');
  const route = routeTo(host, path);
  if (port === null) return null;
  return {
    ...route,
    port,
    tls: readIf(given.tls, choice('auto', 'internal', 'off')) ?? route.tls,
    weight: readOr(given.weight, integerIn(0, 1000), 1),
    stripPrefix: readOr(given.strip_prefix, readBoolean, false),
    ...(readOr(given.shared, readBoolean, false) ? { shared: true } : {}),
  };
}

/** A certificate needs a name, so a route for any host is plain HTTP unless the file says otherwise. */
function routeTo(host: string, path: string): Omit<IngressRoute, 'port'> {
  const tls = host === '*' ? 'off' : 'auto';
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return { host: host.toLowerCase(), path: path.slice(0, end), tls, weight: 1, stripPrefix: false };
}
