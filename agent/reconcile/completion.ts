/**
 * One-shot services: which instances have done their work, and which run in an attempt at all. The journal remembers
 * completion, so that pruning the container of a completed migration does not run the migration a second time. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { type AttemptRecord, type InstanceRecord, serviceOfKey } from '../state/app-journal.ts';
import {
  type AppContext,
  findContainer,
  hasCompleted,
  isUp,
  mayComplete,
  mustComplete,
  specOf,
} from './app-context.ts';

/** It ended well and needs no container: an entry that makes a server of the service wants it to run after all. */
export function isDone(context: AppContext, entry: RunEntry | null, service: string, instance: InstanceId): boolean {
  if (entry === null) return false;
  const container = findContainer(context, instance);
  if (container !== undefined) return hasCompleted(container) && mayComplete(entry, container);
  return context.journal.completions[instance] !== undefined && mayComplete(entry, { service, engineHealth: 'none' });
}

/** Why the instance is not run in this attempt; null = it is. */
export function omissionOf(context: AppContext, entry: RunEntry, key: string): 'left-out' | 'once' | null {
  const service = serviceOfKey(key);
  if (entry.once?.includes(service) === true) {
    if (entry.onlyOnce !== true) return 'once';
    // `once` names all of the app, and the coordinator starts the attempt for those that are due: on the way back `always`.
    return entry.rollback && !isAlways(entry, service) ? 'left-out' : null;
  }
  return isLeftOut(context, entry, key) ? 'left-out' : null;
}

/**
 * An older release's migration does not know a newer schema, so a one-shot does not run on the way back. `restart: no`
 * alone does not prove that a service ends: what runs now under its name is replaced and not left out.
 */
function isLeftOut(context: AppContext, entry: RunEntry, key: string): boolean {
  const { committed } = context.journal;
  const service = serviceOfKey(key);
  const spec = specOf(entry, service);
  if (!entry.rollback || committed === null || spec === null || isAlways(entry, service)) return false;
  if (mustComplete(entry, service)) return true;
  const record = committed.instances[key];
  const container = record === undefined ? undefined : findContainer(context, record.instance);
  if (!mayComplete(entry, { service, engineHealth: container?.engineHealth ?? 'none' })) return false;
  return spec.restart.name === 'no' && !(container !== undefined && isUp(container));
}

/**
 * Whether it runs although it is unchanged. Only `run: always` does: once with each deployment and each release of it,
 * or in the attempt that is `onlyOnce`.
 */
export function runsAgain(context: AppContext, entry: RunEntry, key: string): boolean {
  const service = serviceOfKey(key);
  const record = context.journal.committed?.instances[key];
  if (entry.once?.includes(service) === true) return entry.onlyOnce === true && isAlways(entry, service);
  if (record === undefined || !isAlways(entry, service)) return false;
  if (!mayComplete(entry, { service, engineHealth: 'none' })) return false;
  return record.deployment !== entry.deployment || record.release !== entry.release;
}

const isAlways = (entry: RunEntry, service: string): boolean => entry.always?.includes(service) === true;

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
