/**
 * Why an instance is replaced: the keys of the app file in which the two differ, as people write them
 * (`image`, `environment.MODE`, `secrets.db`). Pure.
 */
import { canonicalJson } from '../../fleet/canonical-json.ts';
import type { InstanceContent } from '../../fleet/instance-content.ts';

/** Keys whose name in the file is not their name in the resolved spec. */
const FILE_KEYS: Readonly<Record<string, string>> = {
  mounts: 'volumes',
  stopGraceMs: 'stop_grace_period',
  stopSignal: 'stop_signal',
  workingDir: 'working_dir',
  readOnly: 'read_only',
  stdinOpen: 'stdin_open',
  capAdd: 'cap_add',
  capDrop: 'cap_drop',
  groupAdd: 'group_add',
  securityOpt: 'security_opt',
  extraHosts: 'extra_hosts',
  shmBytes: 'shm_size',
  pidMode: 'pid',
  ipcMode: 'ipc',
  networkMode: 'network_mode',
  probe: 'healthcheck',
  resources: 'deploy.resources',
  metadata: 'x-longshore.metadata',
};

/** Keys that hold named entries, of which only those that differ are told. */
const NAMED = new Set(['environment', 'labels', 'sysctls']);

export function because(before: InstanceContent, after: InstanceContent): readonly string[] {
  const keys = new Set<string>();
  for (const key of union(before, after)) {
    if (isSame(before[key], after[key])) continue;
    const name = FILE_KEYS[key] ?? key;
    if (NAMED.has(key)) {
      const [a, b] = [record(before[key]), record(after[key])];
      for (const entry of union(a, b)) if (!isSame(a[entry], b[entry])) keys.add(`${name}.${entry}`);
    } else if (key === 'secrets' || key === 'configs') {
      const field = key === 'secrets' ? 'secret' : 'config';
      const [a, b] = [byName(before[key], field), byName(after[key], field)];
      for (const entry of union(a, b)) if (!isSame(a[entry], b[entry])) keys.add(`${name}.${entry}`);
    } else keys.add(name);
  }
  return [...keys].sort();
}

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

const union = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): ReadonlySet<string> =>
  new Set([...Object.keys(a), ...Object.keys(b)]);

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** Uses of one secret or config under its name, so that a new version shows as that name. */
function byName(value: unknown, field: string): Readonly<Record<string, unknown>> {
  const uses: Record<string, unknown[]> = {};
  for (const use of Array.isArray(value) ? (value as readonly unknown[]) : []) {
    const name = String(record(use)[field]);
    uses[name] = [...(uses[name] ?? []), use];
  }
  return uses;
}
