/** What follows from a machine type: its processor, its disks, whether it lives through maintenance, and its size. */
import { suggestion } from '../../compose/values/suggest.ts';
import type { Architecture } from './fleet-config.ts';
import {
  HYPERDISK_STOPPING_FAMILIES,
  LARGE_DISKS,
  MACHINE_FAMILIES,
  type MachineFamily,
  STOPPING_FAMILIES,
} from './machine-families.ts';

export const MACHINE_FORM = /^[a-z]\w{0,5}(?:-[a-z0-9]+){1,4}$/;

export interface MachineSize {
  readonly cpus: number;
  readonly gb: number;
}

export function architectureOf(machine: string): Architecture {
  return familyOf(machine)?.architecture ?? 'x64';
}

export function usualDiskType(machine: string): string {
  if (HYPERDISK_STOPPING_FAMILIES.includes(familyName(machine))) return 'hyperdisk-balanced';
  return familyOf(machine)?.disks[0] ?? 'pd-balanced';
}

/** Whether Google moves such a machine to other hardware while it runs; one with an accelerator, or without a hypervisor, is stopped. */
export function livesThroughMaintenance(machine: string): boolean {
  return (
    !STOPPING_FAMILIES.includes(familyName(machine)) &&
    !machine.endsWith('-metal') &&
    familyOf(machine)?.migrates !== false
  );
}

/** Null: there is such a type, or it is of a family whose types nobody lists. */
export function machineProblem(machine: string, further: readonly string[]): string | null {
  if (further.includes(machine) || STOPPING_FAMILIES.includes(familyName(machine))) return null;
  if (familyOf(machine) !== null && machineSize(machine) !== null) return null;
  const known = Object.entries(MACHINE_FAMILIES).flatMap(([name, family]) => typesOf(name, family));
  const near = suggestion(machine, known);
  const family = MACHINE_FAMILIES[familyName(machine)];
  const sizes =
    family === undefined || near !== ''
      ? ''
      : `; ${familyName(machine)} has ${typesOf(familyName(machine), family).join(', ')}`;
  return `"${machine}" is not a machine type of Google${near}${sizes}; if it came lately, name it under \`further_machines\``;
}

/** Whether its family is in the table; of others only what the fleet file says is known. */
export function isKnownMachine(machine: string): boolean {
  return familyOf(machine) !== null || STOPPING_FAMILIES.includes(familyName(machine));
}

/** Null: it takes a disk of that type. */
export function diskProblem(machine: string, disk: string): string | null {
  const name = familyName(machine);
  const disks = HYPERDISK_STOPPING_FAMILIES.includes(name)
    ? ['hyperdisk-balanced', 'hyperdisk-extreme']
    : (familyOf(machine)?.disks ?? null);
  if (disks !== null && !disks.includes(disk)) return `${machine} takes no ${disk}: it takes ${disks.join(', ')}`;
  const least = LARGE_DISKS[disk];
  const size = machineSize(machine);
  if (least !== undefined && size !== null && size.cpus < least)
    return `${disk} needs a machine of ${least} vCPUs or more; ${machine} has ${size.cpus}`;
  return null;
}

/** Null where the table does not have it. */
export function machineSize(machine: string): MachineSize | null {
  const family = familyOf(machine);
  if (family === null) return null;
  const named = family.named?.[machine];
  if (named !== undefined) return named;
  const custom = /^(?:[a-z0-9]+-)?custom-(\d+)-(\d+)(?:-ext)?$/.exec(machine);
  if (custom !== null) return family.custom === true ? { cpus: Number(custom[1]), gb: Number(custom[2]) / 1024 } : null;
  const [, shape = '', size = ''] = /^[a-z0-9]+-([a-z]+)-(\d+)(?:-lssd|-metal)?$/.exec(machine) ?? [];
  const found = family.shapes[shape];
  const cpus = Number(size);
  return found?.sizes.includes(cpus) === true ? { cpus, gb: cpus * found.gbPerCpu } : null;
}

function typesOf(name: string, { shapes, named = {} }: MachineFamily): readonly string[] {
  return [
    ...Object.keys(named),
    ...Object.entries(shapes).flatMap(([shape, { sizes }]) => sizes.map((size) => `${name}-${shape}-${size}`)),
  ];
}

function familyOf(machine: string): MachineFamily | null {
  return MACHINE_FAMILIES[familyName(machine)] ?? null;
}

/** `custom-2-4096` is one of n1's. */
export function familyName(machine: string): string {
  const name = machine.split('-')[0] ?? '';
  return name === 'custom' ? 'n1' : name;
}
