/**
 * One-shot services: which instances have done their work. The journal remembers it, so that pruning the container of a
 * completed migration does not run the migration a second time. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { type AttemptRecord, type InstanceRecord, serviceOfKey } from '../state/app-journal.ts';
import { type AppContext, findContainer, hasCompleted, mayComplete } from './app-context.ts';

/** It ended well and needs no container: an entry that makes a server of the service wants it to run after all. */
export function isDone(context: AppContext, entry: RunEntry | null, service: string, instance: InstanceId): boolean {
  if (entry === null) return false;
  const container = findContainer(context, instance);
  if (container !== undefined) return hasCompleted(container) && mayComplete(entry, container);
  return context.journal.completions[instance] !== undefined && mayComplete(entry, { service, engineHealth: 'none' });
}

/** Instances that completed and are not in the journal yet. */
export function newCompletions(
  context: AppContext,
  entry: RunEntry | null,
  instances: Readonly<Record<string, InstanceRecord>>,
): readonly InstanceId[] {
  return Object.entries(instances).flatMap(([key, { instance }]) =>
    context.journal.completions[instance] === undefined && isDone(context, entry, serviceOfKey(key), instance)
      ? [instance]
      : [],
  );
}

/** Candidates to look at: a one-shot that has done its work needs neither container nor image. */
export function pendingCandidates(
  context: AppContext,
  { entry, candidates }: AttemptRecord,
): readonly (readonly [key: string, record: InstanceRecord])[] {
  return Object.entries(candidates).filter(
    ([key, { instance }]) =>
      findContainer(context, instance) !== undefined || !isDone(context, entry, serviceOfKey(key), instance),
  );
}
