/**
 * How Compose merges each key when several files, or a service and what it extends, say it. What is not named here:
 * maps merge key by key, lists append, anything else is replaced.
 */
import { parsePortText } from '../values/port-text.ts';
import { parseVolumeText } from '../values/volume-text.ts';
import { childOf, type Tree } from './tree.ts';

export type MergeRule =
  | { readonly kind: 'replace' }
  /** `A=b` lists become maps first: the later value of a key wins. */
  | { readonly kind: 'pairs' }
  /** Lists of names become maps first (depends_on, networks of a service). */
  | { readonly kind: 'names'; readonly defaults?: Readonly<Record<string, string>> }
  /** One text means the map `{context: text}`. */
  | { readonly kind: 'build' }
  /** Options of another driver are not mixed. */
  | { readonly kind: 'logging' }
  /** Lists append; of two items with one key the later stays. */
  | {
      readonly kind: 'unique';
      readonly key: (item: Tree) => string | null;
      /** A map becomes a list of `name=value` first. */
      readonly pairs?: true;
    };

const REPLACE: MergeRule = { kind: 'replace' };
const PAIRS: MergeRule = { kind: 'pairs' };
const NAMES: MergeRule = { kind: 'names' };
const BY_TEXT: MergeRule = { kind: 'unique', key: textOf };

/** `*` stands for any one key. */
const RULES: readonly (readonly [pattern: string, rule: MergeRule])[] = [
  ['services.*.command', REPLACE],
  ['services.*.entrypoint', REPLACE],
  ['services.*.healthcheck.test', REPLACE],
  ['services.*.environment', PAIRS],
  ['services.*.labels', PAIRS],
  ['services.*.annotations', PAIRS],
  ['services.*.sysctls', PAIRS],
  ['services.*.build', { kind: 'build' }],
  ['services.*.build.args', PAIRS],
  ['services.*.build.labels', PAIRS],
  ['services.*.deploy.labels', PAIRS],
  ['services.*.depends_on', { kind: 'names', defaults: { condition: 'service_started', required: 'true' } }],
  ['services.*.networks', NAMES],
  ['services.*.networks.*.aliases', BY_TEXT],
  ['services.*.logging', { kind: 'logging' }],
  ['services.*.ulimits.*', REPLACE],
  ['services.*.ports', { kind: 'unique', key: portKey }],
  ['services.*.volumes', { kind: 'unique', key: volumeKey }],
  ['services.*.secrets', { kind: 'unique', key: mountedKey }],
  ['services.*.configs', { kind: 'unique', key: mountedKey }],
  ['services.*.env_file', { kind: 'unique', key: (item) => textOf(childOf(item, 'path') ?? item) }],
  ['services.*.devices', { kind: 'unique', key: deviceKey }],
  ['services.*.expose', BY_TEXT],
  ['services.*.cap_add', BY_TEXT],
  ['services.*.cap_drop', BY_TEXT],
  ['services.*.dns', BY_TEXT],
  ['services.*.group_add', BY_TEXT],
  ['services.*.security_opt', BY_TEXT],
  ['services.*.extra_hosts', { kind: 'unique', key: textOf, pairs: true }],
  ['services.*.profiles', BY_TEXT],
  ['services.*.tmpfs', { kind: 'unique', key: (item) => textOf(item)?.split(':')[0] ?? null }],
  ['services.*.x-longshore.ingress', REPLACE],
  ['services.*.x-longshore.health', REPLACE],
  ['volumes.*.labels', PAIRS],
  ['networks.*.labels', PAIRS],
  ['x-longshore.hosts.pools', REPLACE],
  ['x-longshore.hosts.names', REPLACE],
  ['x-longshore.hosts.labels.*', REPLACE],
  ['x-longshore.rollout.waves', REPLACE],
  ['x-longshore.schedule.window.days', REPLACE],
];

const BY_PATTERN: ReadonlyMap<string, MergeRule> = new Map(RULES);

export function mergeRule(path: readonly string[]): MergeRule | null {
  const exact = BY_PATTERN.get(path.join('.'));
  if (exact !== undefined) return exact;
  const starred = path.map((part, index) => (index === 1 && path[0] !== 'x-longshore' ? '*' : part));
  const last = [...starred.slice(0, -1), '*'].join('.');
  const third = starred.map((part, index) => (index === 3 ? '*' : part)).join('.');
  return BY_PATTERN.get(starred.join('.')) ?? BY_PATTERN.get(last) ?? BY_PATTERN.get(third) ?? null;
}

function textOf(item: Tree): string | null {
  return item.kind === 'scalar' ? item.text : null;
}

function portKey(item: Tree): string | null {
  if (item.kind === 'scalar') {
    const port = parsePortText(item.text);
    if (port === null) return item.text;
    const host = port.host === null ? '' : `${port.host.from}-${port.host.to}`;
    return `${port.hostIp ?? ''}|${host}|${port.container.from}-${port.container.to}|${port.protocol}`;
  }
  const part = (name: string): string => scalarText(childOf(item, name)) ?? '';
  const range = (text: string): string => (text === '' || text.includes('-') ? text : `${text}-${text}`);
  return `${part('host_ip')}|${range(part('published'))}|${range(part('target'))}|${part('protocol') || 'tcp'}`;
}

function volumeKey(item: Tree): string | null {
  if (item.kind === 'scalar') return parseVolumeText(item.text)?.target ?? item.text;
  return scalarText(childOf(item, 'target'));
}

function mountedKey(item: Tree): string | null {
  if (item.kind === 'scalar') return item.text;
  return scalarText(childOf(item, 'target')) ?? scalarText(childOf(item, 'source'));
}

function deviceKey(item: Tree): string | null {
  if (item.kind !== 'scalar') return scalarText(childOf(item, 'target'));
  const [source, target] = item.text.split(':');
  return target ?? source ?? null;
}

const scalarText = (tree: Tree | undefined): string | null => (tree?.kind === 'scalar' ? tree.text : null);
