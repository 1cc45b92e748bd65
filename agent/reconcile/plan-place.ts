/**
 * A stopped container's place on its app's network, before it starts: the network is there, it is the one that the
 * container knows, and the address is the one that the journal gives it. All three can change while nothing of ours looks:
 * `docker network prune` takes the network of a stopped app, and a container that somebody attached to the network gets the
 * lowest free address, which may be a spare one of ours. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { instanceKey, type InstanceRecord } from '../state/app-journal.ts';
import { addressOf, aliasesOf, type AppContext, heldIndexes, specOf } from './app-context.ts';
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
  const record = recordOf(context, container);
  const address = (record === undefined ? null : addressOf(context, entry, key, record)) ?? container.address;
  if (address === null) return true;
  const isOther = container.networkId !== null && container.networkId !== network.id;
  if (container.address !== address || isOther) {
    const aliases = container.aliased ? aliasesOf(spec, service) : [];
    builder.want({ kind: 'set-aliases', app, service, instance, network: network.name, address, aliases });
    builder.wait(`${name} starts when it is on the network of ${app}`);
    return false;
  }
  if (context.facts.failures[`instance:${instance}`]?.problem.code !== 'ADDRESS_IN_USE') return true;
  const taken = [...Object.values(journal.addresses), ...heldIndexes(context)];
  const index = nextIndex(network.subnet, journal.addresses[key] ?? 0, taken);
  if (index === null) return true;
  builder.wantIfFree({ kind: 'move-address', app, key, index });
  builder.wait(`${name} gets another address: a container that is not ours holds ${address}`);
  return false;
}

function recordOf(context: AppContext, container: ContainerObservation): InstanceRecord | undefined {
  const { committed, attempt } = context.journal;
  const records = [...Object.values(committed?.instances ?? {}), ...Object.values(attempt?.candidates ?? {})];
  return records.find((record) => record.instance === container.instance);
}
