/** The entry under `pools:` of fleet.yaml for an imported workload, as text. Pure. */
import type { ImportedPort } from './ports.ts';
import type { KonletImport, KonletMachine } from './workload.ts';
import { yamlText } from './yaml-text.ts';

/** Docker, the agent and images need so much; a Container-Optimized OS took less. */
const LEAST_DISK_GB = 10;
const UNKNOWN_VOLUMES_GB = 10;
const DISK_TYPES = ['pd-standard', 'pd-balanced', 'pd-ssd', 'pd-extreme', 'hyperdisk-balanced', 'hyperdisk-extreme'];
const LABEL = /^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,62}$/;
/** Google's own mark of a konlet VM: its value names the version of the system. */
const KONLET_LABEL = 'container-vm';

export interface PoolWishes {
  readonly pool: string;
  readonly ports: readonly ImportedPort[];
}

const UNKNOWN: KonletMachine = {
  kind: 'single',
  names: [],
  machine: null,
  zone: null,
  tags: [],
  labels: [],
  spot: false,
  bootDiskGb: null,
  bootDiskType: null,
  disks: [],
  publicAddress: true,
};

export function renderPool(imported: KonletImport, { pool, ports }: PoolWishes): string {
  const machine = imported.machine ?? UNKNOWN;
  const count = poolCount(imported);
  const labels = machine.labels.filter(([name]) => name !== KONLET_LABEL && LABEL.test(name));
  const volumes = volumesGb(imported);
  const { bootDiskGb, bootDiskType } = machine;
  const lines = [
    `count: ${count}`,
    `kind: ${machine.kind}`,
    ...(machine.zone === null ? [] : [`zones: [${yamlText(machine.zone)}]`]),
    ...(machine.machine === null ? [] : [`machine: ${yamlText(machine.machine)}`]),
    ...(machine.spot ? ['spot: true'] : []),
    ...(bootDiskGb === null ? [] : [`disk_gb: ${Math.max(bootDiskGb, LEAST_DISK_GB)}`]),
    ...(bootDiskType === null || !DISK_TYPES.includes(bootDiskType) ? [] : [`disk_type: ${bootDiskType}`]),
    ...(labels.length === 0 ? [] : ['labels:']),
    ...labels.map(([name, value]) => `  ${yamlText(name)}: ${yamlText(value)}`),
    `ingress: ${ingressOf(machine, count, ports)}`,
    ...(volumes === null ? [] : [`volumes_disk_gb: ${volumes}`]),
  ];
  return ['pools:', `  ${yamlText(pool)}:`, ...lines.map((line) => `    ${line}`), ''].join('\n');
}

export function poolCount({ machine }: KonletImport): number {
  return machine?.kind === 'single' ? Math.max(machine.names.length, 1) : 1;
}

export function isKnownDiskType(type: string): boolean {
  return DISK_TYPES.includes(type);
}

function ingressOf(machine: KonletMachine, count: number, ports: readonly ImportedPort[]): string {
  if (!machine.publicAddress || !ports.some(({ protocol }) => protocol === 'http')) return 'none';
  return machine.kind === 'single' && count === 1 ? 'address' : 'network-lb';
}

/** Room for what was on persistent disks: their sizes together, where they are known. Null: it used none. */
function volumesGb({ workload, machine }: KonletImport): number | null {
  const used = new Set(workload.mounts.flatMap((mount) => (mount.kind === 'disk' ? [mount.disk] : [])));
  if (used.size === 0) return null;
  const sizes = (machine?.disks ?? []).flatMap(({ name, sizeGb }) =>
    sizeGb !== null && (name === null || used.has(name)) ? [sizeGb] : [],
  );
  const known = sizes.reduce((sum, size) => sum + size, 0);
  return Math.max(known, UNKNOWN_VOLUMES_GB);
}
