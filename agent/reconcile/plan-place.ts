/**
 * A stopped container's place on its app's network, before it starts: the network is there, it is the one that the
 * container knows, and the address is the one that the journal gives it. All three can change while nothing of ours looks:
 * `docker network prune` takes the network of a stopped app, and a container that somebody attached to the network gets the
 * lowest free address, which may be a spare one of ours. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { goalInstances, instanceKey, type InstanceRecord } from '../state/app-journal.ts';
import { addressOf, type AppContext, heldIndexes, specOf } from './app-context.ts';
import { namesOf } from './names.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { nextIndex } from './subnet.ts';

/** @returns whether it can start */
export function planPlace(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): boolean {
  const { app, network, journal } = context;
  const { service, instance } = container;
  const spec = specOf(entry, service);
  if (entry === null || spec?.networkMode !== 'app') return true;
  const name = `${service}/${container.replica}`;
  if (network === null) {
    builder.wait(`${name} starts when the network of ${app} is made again`);
    if (journal.subnet !== null) builder.wantIfFree({ kind: 'ensure-network', app, subnet: journal.subnet });
    return false;
  }
  const key = instanceKey(service, container.replica);
  const record = goalOf(context, instance)[key];
  const address = (record?.instance !== instance ? null : addressOf(context, entry, key, record)) ?? container.address;
  if (address === null) return true;
  const isOther = container.networkId !== null && container.networkId !== network.id;
  if (container.address !== address || isOther) {
    const names = namesOf(context, entry, goalOf(context, instance), key, container);
    builder.want({ kind: 'set-names', app, service, instance, network: network.name, address, names });
    builder.wait(`${name} starts when it is on the network of ${app}`);
    return false;
  }
  if (context.facts.failures[`instance:${instance}`]?.problem.code !== 'ADDRESS_IN_USE') return true;
  if (!moveAddress(context, builder, key)) return true;
  builder.wait(`${name} gets another address: a container that is not ours holds ${address}`);
  return false;
}

/**
 * For an instance whose address another one of ours holds until it has stopped.
 * @returns whether it gets another one; false where none is left, or it does not go by the journal
 */
export function planOtherAddress(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): boolean {
  const { service, replica, instance, address } = container;
  const key = instanceKey(service, replica);
  const record = goalOf(context, instance)[key];
  if (entry === null || record?.instance !== instance) return false;
  // It is moved already, and connected there before its start.
  if (addressOf(context, entry, key, record) !== address) return !planPlace(context, builder, entry, container);
  if (!moveAddress(context, builder, key)) return false;
  builder.wait(`${service}/${replica} gets another address: one that is still stopping holds ${address ?? ''}`);
  return true;
}

function moveAddress(context: AppContext, builder: PlanBuilder, key: string): boolean {
  const { app, network, journal } = context;
  if (network === null) return false;
  const taken = [...Object.values(journal.addresses), ...heldIndexes(context)];
  const index = nextIndex(network.subnet, journal.addresses[key] ?? 0, taken);
  if (index === null) return false;
  builder.wantIfFree({ kind: 'move-address', app, key, index });
  return true;
}

/** The generation that an instance is part of. */
function goalOf(context: AppContext, instance: InstanceId): Readonly<Record<string, InstanceRecord>> {
  const { committed, attempt } = context.journal;
  const isCandidate = Object.values(attempt?.candidates ?? {}).some((record) => record.instance === instance);
  return attempt !== null && isCandidate ? goalInstances(context.journal, attempt) : (committed?.instances ?? {});
}
