/**
 * What instances are called on their app's network, and whom they find under a name.
 *
 *   - what serves carries the names of its service; a candidate carries only a name of its group (the candidates of one
 *     service in one attempt), which is the id of the first of them
 *   - a candidate finds the groups of its own attempt under the names of the services that the attempt replaces: a view of
 *     its own, which stands before the network's answer and which it keeps. So new finds new and old finds old until the
 *     gates are passed, when the candidates get the names of their services as well
 *   - whoever takes a service over also takes the group names under which others still look for it
 *
 * Pure.
 */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ContainerObservation, NetworkNames } from '../engine/container-engine.ts';
import { type AttemptRecord, type InstanceRecord, keysOf, serviceOfKey } from '../state/app-journal.ts';
import { type AppContext, findContainer, isUp, specOf } from './app-context.ts';
import { instanceVolumes, mustStopFirst } from './app-volumes.ts';

type Records = Readonly<Record<string, InstanceRecord>>;

export const NO_NAMES: NetworkNames = { aliases: [], links: {} };

/** Names of a service on the app's network. */
export function aliasesOf(spec: ServiceSpec, service: string): readonly string[] {
  return [...new Set([service, ...spec.aliases])];
}

/** What the instances of a service have to be called once they serve in this generation. */
export function servingAliases(
  context: AppContext,
  entry: RunEntry,
  goal: Records,
  service: string,
): readonly string[] {
  const spec = specOf(entry, service);
  if (spec?.networkMode !== 'app') return [];
  const own = aliasesOf(spec, service);
  const sought = Object.values(goal).flatMap(({ instance }) => {
    const links = findContainer(context, instance)?.links ?? {};
    return own.flatMap((alias) => links[alias] ?? []);
  });
  // Nobody else could look up the only instance of an app; adding a name later costs a reconnect.
  const isSought = keysOf(entry).length > 1 || spec.aliases.length > 0 || sought.length > 0;
  return isSought ? [...new Set([...own, ...sought])] : [];
}

/** Names that one has at its creation. */
export function namesAtCreation(
  context: AppContext,
  entry: RunEntry,
  goal: Records,
  key: string,
  record: InstanceRecord,
): NetworkNames {
  const service = serviceOfKey(key);
  const spec = specOf(entry, service);
  if (spec?.networkMode !== 'app') return NO_NAMES;
  const own = isNamedAtOnce(context, entry, key, record, spec)
    ? [...aliasesOf(spec, service), ...servingAliases(context, entry, goal, service)]
    : [];
  const { attempt } = context.journal;
  if (attempt?.state !== 'running' || attempt.candidates[key]?.instance !== record.instance)
    return { aliases: [...new Set(own)], links: {} };
  const group = groupOf(attempt, service) ?? [];
  return { aliases: [...new Set([...own, ...group])], links: viewOf(context, attempt) };
}

/** Where no other one answers to the name when it starts, or could ask for it, it needs no reconnect later. */
function isNamedAtOnce(
  context: AppContext,
  entry: RunEntry,
  key: string,
  record: InstanceRecord,
  spec: ServiceSpec,
): boolean {
  const before = context.journal.committed?.instances ?? {};
  const service = serviceOfKey(key);
  if (spec.order === 'stop-first' && key in before) return true;
  const old = before[key] === undefined ? undefined : findContainer(context, before[key].instance);
  const volumes = instanceVolumes(context, entry, key)?.image ?? {};
  if (old !== undefined && mustStopFirst(entry, { service, volumes }, old)) return true;
  const isAlone = !context.containers.some(
    (each) => each.service === service && each.instance !== record.instance && isUp(each),
  );
  return isAlone || new Set([...keysOf(entry), ...Object.keys(before)]).size === 1;
}

/** Services that the attempt replaces whole, under the names that something which serves has now. */
function viewOf(context: AppContext, attempt: AttemptRecord): NetworkNames['links'] {
  const { entry } = attempt;
  if (keysOf(entry).length === 1) return {};
  const serving = new Set(Object.keys(context.journal.committed?.instances ?? {}).map(serviceOfKey));
  const links: Record<string, string> = {};
  const shared = new Set<string>();
  for (const [service, spec] of Object.entries(entry.spec.services)) {
    const [group] = groupOf(attempt, service) ?? [];
    for (const alias of aliasesOf(spec, service)) {
      if (alias in links) shared.add(alias);
      if (group !== undefined && serving.has(service)) links[alias] = group;
    }
  }
  return Object.fromEntries(Object.entries(links).filter(([alias]) => !shared.has(alias)));
}

/** Null where some of the service's instances stay. */
function groupOf(attempt: AttemptRecord, service: string): readonly [string] | null {
  const { entry, candidates } = attempt;
  if (specOf(entry, service)?.networkMode !== 'app') return null;
  const records = keysOf(entry)
    .filter((key) => serviceOfKey(key) === service)
    .map((key) => candidates[key]);
  const [first] = records;
  return first === undefined || records.includes(undefined) ? null : [first.instance];
}

/** What it is to be connected again with; null = it is called all that it has to be. */
export function missingNames(
  context: AppContext,
  entry: RunEntry,
  goal: Records,
  key: string,
  container: ContainerObservation,
): NetworkNames | null {
  const wanted = servingAliases(context, entry, goal, serviceOfKey(key));
  const isDetached = container.address === null;
  if (!isDetached && wanted.every((alias) => container.aliases.includes(alias))) return null;
  const before = namesOf(context, entry, goal, key, container);
  return { aliases: [...new Set([...before.aliases, ...wanted])], links: before.links };
}

/** The names that it has, or would have if somebody had not taken it from the network. */
export function namesOf(
  context: AppContext,
  entry: RunEntry,
  goal: Records,
  key: string,
  container: ContainerObservation,
): NetworkNames {
  if (container.address !== null) return { aliases: container.aliases, links: container.links };
  const record = goal[key];
  return record === undefined ? NO_NAMES : namesAtCreation(context, entry, goal, key, record);
}
