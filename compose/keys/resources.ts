/** `deploy.resources`, and the older keys of a service that say the same (`mem_limit`, `cpus` ...). */
import type { ResourceSpec } from '../../fleet/app-spec.ts';
import { fields, ignored, type KeyTable, later } from './key-table.ts';
import { type Cursor, failKey, integerIn, type Reader, readIf, readNumber, readSize } from './read.ts';

export const RESOURCES_KEYS = { limits: 'read', reservations: 'read' } satisfies KeyTable;

export const LIMITS_KEYS = { cpus: 'read', memory: 'read', pids: 'read' } satisfies KeyTable;

export const RESERVATIONS_KEYS = {
  memory: 'read',
  cpus: ignored('hosts are chosen by labels and constraints, not by free CPU'),
  devices: later(),
  generic_resources: later(),
} satisfies KeyTable;

export interface ResourceFields {
  readonly resources: Cursor | undefined;
  readonly memLimit: Cursor | undefined;
  readonly memReservation: Cursor | undefined;
  readonly cpus: Cursor | undefined;
  readonly pidsLimit: Cursor | undefined;
}

export function readResources(given: ResourceFields): ResourceSpec {
  const resources = given.resources === undefined ? {} : fields(given.resources, RESOURCES_KEYS);
  const limits = resources.limits === undefined ? {} : fields(resources.limits, LIMITS_KEYS);
  const reservations = resources.reservations === undefined ? {} : fields(resources.reservations, RESERVATIONS_KEYS);
  return {
    cpus: one(limits.cpus, given.cpus, readCpus),
    memoryBytes: one(limits.memory, given.memLimit, readMemory),
    memoryReservationBytes: one(reservations.memory, given.memReservation, readMemory),
    pids: one(limits.pids, given.pidsLimit, integerIn(1, 4_194_304)),
  };
}

function one(inDeploy: Cursor | undefined, onService: Cursor | undefined, read: Reader<number>): number | null {
  const a = readIf(inDeploy, read);
  const b = readIf(onService, read);
  if (a !== null && b !== null && a !== b && onService !== undefined)
    failKey(onService, 'says something else than deploy.resources; keep one of them');
  return a ?? b;
}

const readCpus: Reader<number> = (cursor) => readNumber(cursor, { min: 0.001, max: 4096 });

const readMemory: Reader<number> = (cursor) => {
  const bytes = readSize(cursor);
  if (bytes === null || bytes >= 6 * 1024 * 1024) return bytes;
  return failKey(cursor, 'Docker takes no memory limit below 6m');
};
