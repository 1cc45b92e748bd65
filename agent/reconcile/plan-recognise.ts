/**
 * The way back after the journal was lost: a container with a restart policy was committed; where a stop-first
 * swap was under way, the older one of the two was. Nothing is removed until the coordinator has spoken.
 */
import { type Committed, instanceKey, type InstanceRecord, keysOf } from '../state/app-journal.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { DeploymentId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { AppContext } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { indexOfAddress } from './subnet.ts';

export function planRecognition(context: AppContext, builder: PlanBuilder): void {
  const target = context.entry?.kind === 'run' ? context.entry : null;
  const good = new Map<string, ContainerObservation>();
  const byKey = new Map<string, ContainerObservation[]>();
  for (const each of context.containers) {
    const key = instanceKey(each.service, each.replica);
    byKey.set(key, [...(byKey.get(key) ?? []), each]);
  }
  for (const [key, containers] of byKey) {
    const chosen = chooseGood(containers, target);
    if (chosen !== undefined) good.set(key, chosen);
  }
  builder.want({
    kind: 'recognise',
    app: context.app,
    committed: good.size === 0 ? null : toCommitted(good, target),
    subnet: context.network?.subnet ?? null,
    addresses: addressesOf(context),
  });
  builder.wait('the journal was lost; instances are recognised by their restart policy');
}

function chooseGood(
  containers: readonly ContainerObservation[],
  target: RunEntry | null,
): ContainerObservation | undefined {
  const kept = containers.filter((each) => each.restartPolicy !== 'no');
  // Two of them: the crash came after the newer one's commit and before the older one's removal.
  if (kept.length > 0) return kept.reduce((best, each) => (each.attempt > best.attempt ? each : best));
  const older = containers.filter((each) => each.attempt !== target?.attempt || each.release !== target.release);
  return older.length === 0 ? undefined : older.reduce((best, each) => (each.attempt < best.attempt ? each : best));
}

function toCommitted(good: ReadonlyMap<string, ContainerObservation>, target: RunEntry | null): Committed {
  const instances: Record<string, InstanceRecord> = {};
  for (const [key, each] of good) {
    const { instance, slot, hash, release, attempt } = each;
    instances[key] = { instance, slot, hash, release, deployment: each.deployment as DeploymentId, attempt };
  }
  const isTarget =
    target !== null &&
    target.onlyOnce !== true &&
    keysOf(target).length === good.size &&
    keysOf(target).every((key) => target.hashes[key.slice(0, key.lastIndexOf('/'))] === instances[key]?.hash);
  const release = Math.max(...[...good.values()].map((each) => each.release));
  return isTarget ? { release: target.release, entry: target, instances } : { release, entry: null, instances };
}

function addressesOf(context: AppContext): Readonly<Record<string, number>> {
  const addresses: Record<string, number> = {};
  for (const each of context.containers) {
    if (each.address === null || context.network === null) continue;
    const index = indexOfAddress(context.network.subnet, each.address, each.slot);
    if (index !== null) addresses[instanceKey(each.service, each.replica)] = index;
  }
  return addresses;
}
