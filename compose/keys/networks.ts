/**
 * Networks: every service of an app shares one network per host, so at most one can be declared and used. Names of a
 * service on it (`aliases`) and `network_mode: host|none` are read.
 */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import { suggestion } from '../values/suggest.ts';
import { isNull } from '../source/tree.ts';
import { fields, ignored, type KeyTable, later, notDone } from './key-table.ts';
import {
  type Cursor,
  entries,
  fail,
  failKey,
  items,
  readBoolean,
  readFilledText,
  readOr,
  readText,
  readTextIfFilled,
  readTexts,
} from './read.ts';

export const NETWORK_KEYS = {
  name: ignored('the name of the network on the engine is ours'),
  driver: 'read',
  external: 'read',
  internal: 'read',
  attachable: ignored('only the containers of the app are on its network'),
  labels: ignored('the network is ours'),
  driver_opts: later(),
  enable_ipv4: later(),
  enable_ipv6: later(),
  ipam: later('subnets come from a range in the configuration of the agent'),
} satisfies KeyTable;

export const SERVICE_NETWORK_KEYS = {
  aliases: 'read',
  priority: ignored('there is one network'),
  gw_priority: ignored('there is one network'),
  ipv4_address: later('services reach each other by name'),
  ipv6_address: later(),
  link_local_ips: later(),
  mac_address: later(),
  driver_opts: later(),
  interface_name: later(),
} satisfies KeyTable;

const ONE_NETWORK = 'every service of an app shares one network per host';

/** The declared names; more than one is reported. */
export function readNetworks(cursor: Cursor | undefined): readonly string[] {
  if (cursor === undefined) return [];
  const declared = entries(cursor);
  for (const [name, value] of declared.slice(1)) failKey(value, notDone(`a second network ("${name}")`, ONE_NETWORK));
  for (const [, value] of declared) if (!isNull(value.tree)) readNetwork(value);
  return declared.map(([name]) => name);
}

function readNetwork(cursor: Cursor): void {
  const given = fields(cursor, NETWORK_KEYS);
  if (given.driver !== undefined && readText(given.driver) !== 'bridge')
    fail(given.driver, notDone('another driver than bridge', ONE_NETWORK));
  if (given.external !== undefined && readBoolean(given.external) === true)
    fail(given.external, notDone('an external network', ONE_NETWORK));
  if (given.internal !== undefined && readBoolean(given.internal) === true)
    fail(given.internal, notDone('an internal network', ONE_NETWORK));
}

export interface Attachment {
  readonly networkMode: ServiceSpec['networkMode'];
  readonly aliases: readonly string[];
  /** Null = not attached at all. */
  readonly network: string | null;
}

export interface NetworkFields {
  readonly networks: Cursor | undefined;
  readonly networkMode: Cursor | undefined;
}

export function readAttachment(given: NetworkFields, declared: readonly string[]): Attachment {
  const { networks, networkMode } = given;
  if (networkMode !== undefined) {
    if (networks !== undefined) failKey(networks, '"networks" and "network_mode" exclude each other');
    const mode = readTextIfFilled(networkMode);
    if (mode === 'host' || mode === 'none') return { networkMode: mode, aliases: [], network: null };
    if (mode !== null) fail(networkMode, notDone(`network_mode: ${mode}`, `host and none are; ${ONE_NETWORK}`));
  }
  if (networks === undefined) return { networkMode: 'app', aliases: [], network: 'default' };
  const uses = networks.tree.kind === 'list' ? names(networks) : entries(networks);
  const aliases = uses.flatMap(([name, value]) => readUse(name, value, declared));
  for (const [name, value] of uses.slice(1)) failKey(value, notDone(`a second network ("${name}")`, ONE_NETWORK));
  return { networkMode: 'app', aliases, network: uses[0]?.[0] ?? 'default' };
}

function names(cursor: Cursor): readonly (readonly [string, Cursor])[] {
  return items(cursor).flatMap((item) => {
    const name = readFilledText(item);
    return name === null ? [] : [[name, item] as const];
  });
}

function readUse(name: string, cursor: Cursor, declared: readonly string[]): readonly string[] {
  if (name !== 'default' && !declared.includes(name))
    failKey(
      cursor,
      `the network "${name}" is not declared under "networks"${cursor.report.isFull() ? '' : suggestion(name, declared)}`,
    );
  if (cursor.tree.kind !== 'map') return [];
  return readOr(fields(cursor, SERVICE_NETWORK_KEYS).aliases, readTexts, []);
}
