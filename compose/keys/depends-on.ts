/** `depends_on`: a list of names, or a map with conditions. */
import type { DependencyCondition } from '../../fleet/app-spec.ts';
import { isNull } from '../source/tree.ts';
import { fields, type KeyTable, notDone } from './key-table.ts';
import { choice, type Cursor, entries, fail, items, readBoolean, readFilledText, readOr } from './read.ts';

export const DEPENDENCY_KEYS = { condition: 'read', required: 'read', restart: 'read' } satisfies KeyTable;

export interface Dependency {
  readonly service: string;
  readonly condition: DependencyCondition;
  /** False: left out where the service is not there. */
  readonly required: boolean;
}

const CONDITIONS = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const satisfies Readonly<Record<string, DependencyCondition>>;

export function readDependencies(cursor: Cursor): readonly Dependency[] {
  if (cursor.tree.kind !== 'list') return entries(cursor).map(([service, value]) => readDependency(service, value));
  return items(cursor).flatMap((item) => {
    const service = readFilledText(item);
    return service === null ? [] : [{ service, condition: 'started' as const, required: true }];
  });
}

function readDependency(service: string, cursor: Cursor): Dependency {
  const given = isNull(cursor.tree) ? {} : fields(cursor, DEPENDENCY_KEYS);
  const names = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;
  const condition = readOr(given.condition, choice(...names), 'service_started');
  if (given.restart !== undefined && readBoolean(given.restart) === true)
    fail(given.restart, notDone('restart: true', 'services that did not change keep running'));
  return { service, condition: CONDITIONS[condition], required: readOr(given.required, readBoolean, true) };
}
