/**
 * Families of Compute Engine's machine types and what they can do, as published in mid-2025, written down from memory: processor, disks to boot
 * from, whether Google moves their machines while they run. A type that came later is named in the fleet file under
 * `further_machines`, so that nobody waits for this table.
 */
import type { Architecture } from './fleet-config.ts';

export interface MachineFamily {
  readonly architecture: Architecture;
  /** Types of disk; the first is the usual one. */
  readonly disks: readonly string[];
  /** Whether machines live through Google's maintenance; others are stopped and started. */
  readonly migrates: boolean;
  /** GB of memory for each vCPU, by shape (`standard` of e2-standard-4), and the numbers of vCPUs that there are. */
  readonly shapes: Readonly<Record<string, { readonly gbPerCpu: number; readonly sizes: readonly number[] }>>;
  /** Types with names of their own: vCPUs (of a shared one, the share that is paid for) and GB. */
  readonly named?: Readonly<Record<string, { readonly cpus: number; readonly gb: number }>>;
  /** Whether FAMILY-custom-CPUS-MB may be asked for. */
  readonly custom?: boolean;
}

const PD = ['pd-balanced', 'pd-ssd', 'pd-standard'];
const PD_FLASH = ['pd-balanced', 'pd-ssd', 'hyperdisk-balanced', 'hyperdisk-extreme'];
const HYPERDISK = ['hyperdisk-balanced', 'hyperdisk-extreme'];
const ALL = [...PD, 'pd-extreme', 'hyperdisk-balanced', 'hyperdisk-extreme'];

const x64 = { architecture: 'x64', migrates: true } as const;
const arm64 = { architecture: 'arm64', migrates: true } as const;
const stops = { architecture: 'x64', migrates: false } as const;

type Shapes = MachineFamily['shapes'];
const shapes = (standard: number, highmem: number, highcpu: number, sizes: readonly number[]): Shapes => ({
  standard: { gbPerCpu: standard, sizes },
  highmem: { gbPerCpu: highmem, sizes },
  highcpu: { gbPerCpu: highcpu, sizes },
});
const standardOnly = (gbPerCpu: number, sizes: readonly number[]): Shapes => ({ standard: { gbPerCpu, sizes } });

export const MACHINE_FAMILIES: Readonly<Record<string, MachineFamily>> = {
  e2: {
    ...x64,
    disks: PD,
    shapes: {
      standard: { gbPerCpu: 4, sizes: [2, 4, 8, 16, 32] },
      highmem: { gbPerCpu: 8, sizes: [2, 4, 8, 16] },
      highcpu: { gbPerCpu: 1, sizes: [2, 4, 8, 16, 32] },
    },
    named: {
      'e2-micro': { cpus: 0.25, gb: 1 },
      'e2-small': { cpus: 0.5, gb: 2 },
      'e2-medium': { cpus: 1, gb: 4 },
    },
    custom: true,
  },
  f1: { ...x64, disks: PD, shapes: {}, named: { 'f1-micro': { cpus: 0.2, gb: 0.6 } } },
  g1: { ...x64, disks: PD, shapes: {}, named: { 'g1-small': { cpus: 0.5, gb: 1.7 } } },
  n1: {
    ...x64,
    disks: PD,
    shapes: shapes(3.75, 6.5, 0.9, [1, 2, 4, 8, 16, 32, 64, 96]),
    custom: true,
  },
  n2: {
    ...x64,
    disks: [...PD, 'pd-extreme', 'hyperdisk-extreme'],
    shapes: shapes(4, 8, 1, [2, 4, 8, 16, 32, 48, 64, 80, 96, 128]),
    custom: true,
  },
  n2d: {
    ...x64,
    disks: PD,
    shapes: shapes(4, 8, 1, [2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    custom: true,
  },
  n4: { ...x64, disks: ['hyperdisk-balanced'], shapes: shapes(4, 8, 2, [2, 4, 8, 16, 32, 48, 64, 80]), custom: true },
  n4d: {
    ...x64,
    disks: ['hyperdisk-balanced'],
    shapes: shapes(4, 8, 2, [2, 4, 8, 16, 32, 48, 64, 80, 96]),
    custom: true,
  },
  n4a: {
    ...arm64,
    disks: ['hyperdisk-balanced'],
    shapes: shapes(4, 8, 2, [1, 2, 4, 8, 16, 32, 48, 64]),
    custom: true,
  },
  t2d: { ...x64, disks: PD, shapes: standardOnly(4, [1, 2, 4, 8, 16, 32, 48, 60]) },
  t2a: { ...arm64, disks: PD, shapes: standardOnly(4, [1, 2, 4, 8, 16, 32, 48]) },
  c2: { ...x64, disks: PD, shapes: standardOnly(4, [4, 8, 16, 30, 60]) },
  c2d: { ...x64, disks: PD, shapes: shapes(4, 8, 2, [2, 4, 8, 16, 32, 56, 112]) },
  c3: { ...x64, disks: PD_FLASH, shapes: shapes(4, 8, 2, [4, 8, 22, 44, 88, 176, 192]) },
  c3d: { ...x64, disks: PD_FLASH, shapes: shapes(4, 8, 2, [4, 8, 16, 30, 60, 90, 180, 360]) },
  c4: { ...x64, disks: HYPERDISK, shapes: shapes(3.75, 7.75, 2, [2, 4, 8, 16, 24, 32, 48, 96, 144, 192, 288]) },
  c4a: { ...arm64, disks: HYPERDISK, shapes: shapes(4, 8, 2, [1, 2, 4, 8, 16, 32, 48, 64, 72, 96]) },
  c4d: { ...x64, disks: HYPERDISK, shapes: shapes(3.875, 7.875, 1.875, [2, 4, 8, 16, 32, 48, 64, 96, 192, 384]) },
  h3: { ...stops, disks: ['pd-balanced', 'hyperdisk-balanced'], shapes: standardOnly(4, [88]) },
  h4d: { ...stops, disks: ['hyperdisk-balanced'], shapes: shapes(3.75, 7.75, 2, [192]) },
  m1: {
    ...x64,
    disks: ALL,
    shapes: { ultramem: { gbPerCpu: 24.025, sizes: [40, 80, 160] }, megamem: { gbPerCpu: 14.93, sizes: [96] } },
  },
  m2: {
    ...x64,
    disks: ALL,
    shapes: {
      ultramem: { gbPerCpu: 28.3, sizes: [208, 416] },
      megamem: { gbPerCpu: 14.16, sizes: [416] },
      hypermem: { gbPerCpu: 21.23, sizes: [416] },
    },
  },
  m3: {
    ...x64,
    disks: ALL.filter((disk) => disk !== 'pd-standard'),
    shapes: { ultramem: { gbPerCpu: 30.5, sizes: [32, 64, 128] }, megamem: { gbPerCpu: 15.25, sizes: [64, 128] } },
  },
  g2: {
    ...stops,
    disks: ['pd-balanced', 'pd-ssd', 'hyperdisk-balanced'],
    shapes: standardOnly(4, [4, 8, 12, 16, 24, 32, 48, 96]),
  },
};

/** Families whose types are not listed here one by one: machines with accelerators, much memory or much disk. */
export const STOPPING_FAMILIES = ['a2', 'a3', 'a4', 'a4x', 'g4', 'm4', 'x4', 'z3'];
/** Of those, the ones that take Hyperdisk only. */
export const HYPERDISK_STOPPING_FAMILIES = ['a4', 'a4x', 'g4', 'm4', 'x4'];

/** Least number of vCPUs for disks that only large machines take. */
export const LARGE_DISKS: Readonly<Record<string, number>> = { 'pd-extreme': 64, 'hyperdisk-extreme': 64 };
