/**
 * The first step of an attempt: which containers it needs. An unchanged hash keeps its container over releases;
 * for all others a candidate beside the old one is intended, in the other slot, under ids that are journaled first.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { type Committed, keysOf, replicaOfKey, serviceOfKey } from '../state/app-journal.ts';
import type { PlannedCandidate } from './action.ts';
import {
  type AppContext,
  findContainer,
  hasCompleted,
  healthOf,
  heldIndexes,
  isUp,
  mayComplete,
  specOf,
} from './app-context.ts';
import { isDone, omissionOf, runsAgain } from './completion.ts';
import { keysInOrder } from './dependencies.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { shouldRun } from './plan-committed.ts';
import { graceOf } from './plan-retirement.ts';
import { planPrerequisites } from './prerequisites.ts';
import { allocateSubnet, assignIndexes } from './subnet.ts';

export function planBegin(context: AppContext, builder: PlanBuilder, entry: RunEntry): void {
  const candidates = neededCandidates(context, entry);
  builder.want({
    kind: 'begin',
    app: context.app,
    entry,
    candidates,
    subnet: chooseSubnet(context, entry),
    addresses: assignIndexes(context.journal.addresses, keysOf(entry), heldIndexes(context)),
    stopped: stillStopped(context),
    unwell: unwellInstances(context),
    budgetMs: budgetOf(entry) + leavingMs(context, candidates),
  });
  // Pulling needs no intent, and is what takes longest.
  const made = candidates.filter((candidate) => candidate.omitted === null);
  const services = [...new Set(made.map((candidate) => serviceOfKey(candidate.key)))];
  if (context.rules.policy(entry) === null) planPrerequisites(context, builder, entry, services);
}

function neededCandidates(context: AppContext, entry: RunEntry): readonly PlannedCandidate[] {
  const { committed } = context.journal;
  const candidates: PlannedCandidate[] = [];
  // Their order in the journal is the order in which they are made.
  for (const key of keysInOrder(entry)) {
    const hash = entry.hashes[serviceOfKey(key)];
    if (hash === undefined) continue;
    if (
      isKept(context, committed, entry, key, hash) &&
      !runsAgain(context, entry, key) &&
      !isRestarted(context, entry, key)
    )
      continue;
    const known = adoptable(context, entry, key, hash);
    const old = committed?.instances[key];
    candidates.push({
      key,
      slot: known?.slot ?? (old?.slot === 0 ? 1 : 0),
      hash,
      adopt: known?.instance ?? null,
      omitted: known === undefined ? omissionOf(context, entry, key) : null,
    });
  }
  return candidates;
}

function isKept(context: AppContext, committed: Committed | null, entry: RunEntry, key: string, hash: string): boolean {
  const record = committed?.instances[key];
  if (committed === null || record?.hash !== hash) return false;
  const container = findContainer(context, record.instance);
  // Without the entry (its journal was lost) it could not be made again.
  if (container === undefined) return committed.entry !== null;
  return !hasEndedForGood(context, committed.entry ?? entry, container);
}

/** A deployment that restarts replaces each instance once: what it made itself stays. */
function isRestarted(context: AppContext, entry: RunEntry, key: string): boolean {
  const service = serviceOfKey(key);
  const record = context.journal.committed?.instances[key];
  if (record === undefined || entry.replace?.includes(service) !== true) return false;
  return record.deployment !== entry.deployment && !isDone(context, entry, service, record.instance);
}

/** It should run, but its restart policy leaves it down: a new attempt replaces it instead of waiting for it in vain. */
function hasEndedForGood(context: AppContext, entry: RunEntry, container: ContainerObservation): boolean {
  if (container.state !== 'exited' || shouldRun(context, entry, container)) return false;
  return !(hasCompleted(container) && mayComplete(entry, container));
}

/**
 * A container of this very attempt that is there although the journal does not name it (the journal was lost), or one
 * that ran here once for this deployment.
 */
function adoptable(
  context: AppContext,
  entry: RunEntry,
  key: string,
  hash: string,
): { readonly instance: InstanceId; readonly slot: 0 | 1 } | undefined {
  const committed = Object.values(context.journal.committed?.instances ?? {}).map((record) => record.instance);
  return context.containers.find(
    (each) =>
      each.service === serviceOfKey(key) &&
      each.replica === replicaOfKey(key) &&
      each.hash === hash &&
      each.deployment === entry.deployment &&
      each.release === entry.release &&
      (each.attempt === entry.attempt || ranOnce(context, each.instance)) &&
      !committed.includes(each.instance),
  );
}

function ranOnce(context: AppContext, instance: InstanceId): boolean {
  const { attempt } = context.journal;
  if (attempt?.entry.onlyOnce !== true || attempt.state !== 'passed') return false;
  return Object.values(attempt.candidates).some((record) => record.instance === instance);
}

function chooseSubnet(context: AppContext, entry: RunEntry): string | null {
  const known = context.network?.subnet ?? context.journal.subnet;
  if (known !== null) return known;
  const needsOne = Object.keys(entry.spec.services).some((service) => specOf(entry, service)?.networkMode === 'app');
  return needsOne ? allocateSubnet(context.rules.subnetPool, context.takenSubnets) : null;
}

/** What an attempt before this one stopped and nobody has started again. */
function stillStopped(context: AppContext): readonly InstanceId[] {
  const { attempt, committed } = context.journal;
  const serving = Object.values(committed?.instances ?? {}).map((record) => record.instance);
  return (attempt?.stopped ?? []).filter((instance) => serving.includes(instance));
}

/** What serves badly already; one that an attempt stopped was well, and has to be again. */
function unwellInstances(context: AppContext): readonly InstanceId[] {
  const stopped = stillStopped(context);
  return Object.values(context.journal.committed?.instances ?? {}).flatMap(({ instance }) => {
    const container = findContainer(context, instance);
    if (container === undefined || stopped.includes(instance)) return [];
    const isWell = container.state === 'running' && healthOf(context, instance)?.isUnhealthy !== true;
    return isWell ? [] : [instance];
  });
}

function budgetOf(entry: RunEntry): number {
  const services = [...new Set(keysOf(entry).map(serviceOfKey))];
  return Math.max(0, ...services.map((service) => specOf(entry, service)?.gate.progressDeadlineMs ?? 0));
}

/** How long what is on its way out already may keep a place that a candidate needs. */
function leavingMs(context: AppContext, candidates: readonly PlannedCandidate[]): number {
  const staying = new Set([
    ...Object.values(context.journal.committed?.instances ?? {}).map(({ instance }) => instance),
    ...candidates.flatMap(({ adopt }) => adopt ?? []),
  ]);
  const leaving = context.containers.filter((each) => isUp(each) && !staying.has(each.instance));
  return Math.max(0, ...leaving.map((each) => graceOf(context, each)));
}
