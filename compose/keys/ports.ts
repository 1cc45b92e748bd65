/** `ports` (short and long, ranges spelled out) and `expose`. */
import type { PortSpec } from '../../fleet/app-spec.ts';
import { isIpAddress, parsePortRange, parsePortText, type PortRange } from '../values/port-text.ts';
import { fields, ignored, type KeyTable, notDone } from './key-table.ts';
import { choice, type Cursor, describe, fail, items, readFilledText, readIf, readOr } from './read.ts';

export const PORT_KEYS = {
  target: 'read',
  published: 'read',
  host_ip: 'read',
  protocol: 'read',
  mode: ignored('there is no routing mesh; ports are published on the host that runs the instance'),
  name: ignored('it is a comment'),
  app_protocol: ignored('it is a comment'),
} satisfies KeyTable;

/** Of one service; ranges are spelled out, and every release carries them all. */
export const MAX_PORTS = 20_000;

export function readPorts(cursor: Cursor): readonly PortSpec[] {
  return bounded(cursor, (item) => (item.tree.kind === 'map' ? longPort(item) : shortPort(item)));
}

/** Stops reading at the bound, so that a thousand wide ranges cost no more than one. */
function bounded<T>(cursor: Cursor, read: (item: Cursor) => readonly T[]): readonly T[] {
  const all: T[] = [];
  for (const item of items(cursor)) {
    const more = read(item);
    if (all.length + more.length > MAX_PORTS) {
      fail(item, `makes more than ${MAX_PORTS} ports; a service has at most so many`);
      return all;
    }
    for (const one of more) all.push(one);
  }
  return all;
}

export function readExpose(cursor: Cursor): readonly number[] {
  const ports = bounded(cursor, (item) => {
    const text = readFilledText(item);
    if (text === null) return [];
    const range = parsePortRange(text.replace(/\/(?:tcp|udp)$/, ''));
    if (range === null) fail(item, `takes a port, such as 8080; this is "${text}"`);
    return range === null ? [] : spread(range);
  });
  return [...new Set(ports)];
}

function shortPort(item: Cursor): readonly PortSpec[] {
  const text = readFilledText(item);
  if (text === null) return [];
  const port = parsePortText(text);
  if (port === null) {
    fail(item, `takes [IP:][HOST:]CONTAINER[/tcp|udp] with ports from 1 to 65535; this is ${describe(item.tree)}`);
    return [];
  }
  const { protocol } = port;
  if (protocol !== 'tcp' && protocol !== 'udp') {
    fail(item, `takes the protocols tcp and udp; this is "${protocol}"`);
    return [];
  }
  return pairUp(item, port.host, port.container, { hostIp: port.hostIp, protocol });
}

function longPort(item: Cursor): readonly PortSpec[] {
  const given = fields(item, PORT_KEYS);
  if (given.target === undefined) {
    fail(item, 'the container\'s port ("target") is missing');
    return [];
  }
  const target = readRange(given.target);
  const published = given.published === undefined ? null : readRange(given.published);
  const protocol = readOr(given.protocol, choice('tcp', 'udp'), 'tcp');
  const hostIp = readIf(given.host_ip, readIp);
  if (target === null || (given.published !== undefined && published === null)) return [];
  return pairUp(item, published, target, { hostIp, protocol });
}

function readRange(cursor: Cursor): PortRange | null {
  const text = readFilledText(cursor);
  if (text === null) return null;
  return parsePortRange(text) ?? fail(cursor, `takes a port from 1 to 65535 or a range; this is "${text}"`);
}

function readIp(cursor: Cursor): string | null {
  const text = readFilledText(cursor);
  if (text === null || isIpAddress(text)) return text;
  return fail(cursor, `takes an IP address; this is "${text}"`);
}

function pairUp(
  item: Cursor,
  host: PortRange | null,
  container: PortRange,
  rest: Pick<PortSpec, 'hostIp' | 'protocol'>,
): readonly PortSpec[] {
  const hosts = host === null ? null : spread(host);
  const containers = spread(container);
  if (hosts !== null && hosts.length !== containers.length) {
    if (containers.length === 1)
      fail(item, notDone('a range of host ports for one port', 'name one host port, or none'));
    else fail(item, `${hosts.length} host ports cannot go to ${containers.length} container ports`);
    return [];
  }
  return containers.map((port, index) => ({ container: port, host: hosts?.[index] ?? null, ...rest }));
}

function spread(range: PortRange): readonly number[] {
  return Array.from({ length: range.to - range.from + 1 }, (_, index) => range.from + index);
}
