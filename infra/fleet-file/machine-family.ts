/** What follows from a machine type's family: its processor, and the disks that it can boot from. */
import type { Architecture } from './fleet-config.ts';

const ARM_FAMILIES = new Set(['t2a', 'c4a', 'n4a']);
/** Families of the third generation's successors boot from Hyperdisk only. */
const HYPERDISK_FAMILIES = new Set(['c4', 'c4a', 'c4d', 'n4', 'n4a', 'n4d', 'h4d', 'm4', 'x4']);

export const MACHINE_FORM = /^[a-z]\w{0,5}(?:-[a-z0-9]+){1,4}$/;

export function architectureOf(machine: string): Architecture {
  return ARM_FAMILIES.has(familyOf(machine)) ? 'arm64' : 'x64';
}

export function usualDiskType(machine: string): string {
  return takesOnlyHyperdisk(machine) ? 'hyperdisk-balanced' : 'pd-balanced';
}

export function takesOnlyHyperdisk(machine: string): boolean {
  return HYPERDISK_FAMILIES.has(familyOf(machine));
}

const familyOf = (machine: string): string => machine.split('-')[0] ?? '';
