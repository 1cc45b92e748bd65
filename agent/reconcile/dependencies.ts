/** Order of services: who may start now, by the `depends_on` conditions; and the reverse for stopping. Pure. */
import type { DependencyCondition } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import { type InstanceRecord, keysOf, serviceOfKey } from '../state/app-journal.ts';
import { type AppContext, findContainer, healthOf, isUp, specOf } from './app-context.ts';
import { isDone } from './completion.ts';

/** What a service still waits for, as a sentence; null = it may start. */
export function unmetDependency(
  context: AppContext,
  entry: RunEntry,
  goal: Readonly<Record<string, InstanceRecord>>,
  service: string,
): string | null {
  for (const [name, condition] of Object.entries(specOf(entry, service)?.dependsOn ?? {})) {
    for (const key of keysOf(entry)) {
      if (serviceOfKey(key) !== name) continue;
      const record = goal[key];
      if (record === undefined || !isMet(context, entry, name, record, condition))
        return `${service} waits for ${key} (${condition})`;
    }
  }
  return null;
}

function isMet(
  context: AppContext,
  entry: RunEntry,
  service: string,
  { instance }: InstanceRecord,
  condition: DependencyCondition,
): boolean {
  const container = findContainer(context, instance);
  const isRunning = container !== undefined && isUp(container);
  switch (condition) {
    case 'started':
      return isRunning || isDone(context, entry, service, instance);
    case 'healthy':
      return isRunning && (healthOf(context, instance)?.healthySinceMs ?? null) !== null;
    case 'completed':
      return isDone(context, entry, service, instance);
  }
}

/** All instances of the entry, those that others depend on first. */
export function keysInOrder(entry: RunEntry): readonly string[] {
  const ranks = new Map<string, number>();
  const rankOf = (service: string): number => {
    const known = ranks.get(service);
    if (known !== undefined) return known;
    // A circle is refused long before; here it must only end.
    ranks.set(service, 0);
    const others = Object.keys(specOf(entry, service)?.dependsOn ?? {});
    const rank = Math.max(0, ...others.map((other) => rankOf(other) + 1));
    ranks.set(service, rank);
    return rank;
  };
  return [...keysOf(entry)].sort((a, b) => rankOf(serviceOfKey(a)) - rankOf(serviceOfKey(b)));
}

/** Services that depend on this one, directly. */
export function dependentsOf(entry: RunEntry, service: string): readonly string[] {
  return Object.entries(entry.spec.services)
    .filter(([, spec]) => service in spec.dependsOn)
    .map(([name]) => name);
}
