/**
 * Which volume an instance mounts where: those of the app file, and those that its image declares. What the committed
 * instances have mounted stays, as long as the file does not give the volume another name; an anonymous volume that
 * holds data is taken over by its name. Pure.
 */
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import { type Problem, problem } from '../../fleet/errors.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { imageVolumeKey, isImageVolumeKey, normalPath, uncoveredPaths } from '../../fleet/image-volumes.ts';
import { definitionChanges, isSameVolume } from '../../fleet/volume-definition.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { volumeName } from '../engine/engine-names.ts';
import { replicaOfKey, serviceOfKey } from '../state/app-journal.ts';
import { imageKey } from './action.ts';
import { type AppContext, specOf } from './app-context.ts';

const OWN_PREFIX = 'longshore-';

/** What a volume that an image declares is made as. */
const PLAIN: VolumeSpec = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };

export interface WantedVolume {
  readonly volume: string;
  readonly spec: VolumeSpec;
}

/** All volumes that instances of this service on this host need, as far as its image is known. */
export function volumesOf(context: AppContext, entry: RunEntry, service: string): readonly WantedVolume[] {
  const named = namedVolumes(entry, service).flatMap((volume) => {
    const spec = entry.spec.volumes[volume];
    return spec === undefined ? [] : [{ volume, spec }];
  });
  const replicas = Array.from({ length: entry.replicas[service] ?? 0 }, (_, index) => index + 1);
  const declared = declaredPaths(context, entry, service);
  return [
    ...named,
    ...replicas.flatMap((replica) =>
      declared.map((path) => ({ volume: imageVolumeKey(service, replica, path), spec: PLAIN })),
    ),
  ];
}

/** Null: it has to be made first. */
export function engineVolume(context: AppContext, entry: RunEntry, volume: string): string | null {
  const labelled = context.volumes.filter((each) => each.volume === volume).map((each) => each.name);
  const recorded = context.journal.volumes[volume];
  if (isImageVolumeKey(volume)) return recorded ?? labelled[0] ?? mountedVolume(context, volume);
  const spec = entry.spec.volumes[volume];
  if (spec === undefined) return null;
  if (spec.external) return spec.name ?? volume;
  const committed = context.journal.committed?.entry?.spec.volumes[volume];
  if (recorded !== undefined && committed !== undefined && isSameVolume(committed, spec)) return recorded;
  if (spec.name !== null) return labelled.find((name) => name === spec.name) ?? null;
  // Not one that the file named once: that is another volume. A host that was enrolled anew has names of its own before.
  const own = volumeName(context.rules.host, context.app, volume);
  return labelled.find((name) => name === own) ?? labelled.find((name) => name.startsWith(OWN_PREFIX)) ?? null;
}

/** The instance cannot be made, because a volume with its data is gone: no empty one takes its place unasked. */
export function missingVolume(context: AppContext, instance: InstanceId): Problem | null {
  const failure = context.facts.failures[`instance:${instance}`];
  return failure?.problem.code === 'VOLUME_MISSING' ? failure.problem : null;
}

/** A volume of these services that exists otherwise than the entry defines it: found before anything is touched. */
export function changedVolume(context: AppContext, entry: RunEntry, services: readonly string[]): Problem | null {
  // What an older release says of it was accepted once, and going back must work.
  if (entry.rollback) return null;
  for (const volume of new Set(services.flatMap((service) => namedVolumes(entry, service)))) {
    const spec = entry.spec.volumes[volume];
    const name = engineVolume(context, entry, volume);
    const found = context.volumes.find((each) => each.name === name);
    if (spec === undefined || spec.external || found === undefined) continue;
    const changes = definitionChanges({ driver: found.driver, driverOpts: found.options }, spec);
    if (changes.length > 0)
      return problem(
        'VOLUME_CHANGED',
        `${context.app}: volume ${volume} (${found.name}) exists with another ${changes.join(', ')}`,
      );
  }
  return null;
}

/** Docker would make a volume of the whole image, and no container of it starts. */
export function rootVolume(context: AppContext, entry: RunEntry, services: readonly string[]): Problem | null {
  const service = services.find((name) =>
    imageOf(context, entry, name)?.volumes.some((path) => normalPath(path) === '/'),
  );
  if (service === undefined) return null;
  return problem('IMAGE_INVALID', `${context.app}: the image of ${service} declares / as a volume`, {
    hint: 'Take `VOLUME /` out of its Dockerfile and name the folders that hold data.',
  });
}

export interface InstanceVolumes {
  /** By the names in the file. */
  readonly named: Readonly<Record<string, string>>;
  /** By path. */
  readonly image: Readonly<Record<string, string>>;
}

/** Null while one of them is missing. */
export function instanceVolumes(context: AppContext, entry: RunEntry, key: string): InstanceVolumes | null {
  const service = serviceOfKey(key);
  const named: Record<string, string> = {};
  for (const volume of namedVolumes(entry, service)) {
    const name = engineVolume(context, entry, volume);
    if (name === null) return null;
    named[volume] = name;
  }
  const image: Record<string, string> = {};
  for (const path of declaredPaths(context, entry, service)) {
    const name = engineVolume(context, entry, imageVolumeKey(service, replicaOfKey(key), path));
    if (name === null) return null;
    image[path] = name;
  }
  return { named, image };
}

/** What the container has mounted, by volume of the app. */
export function mountedVolumes(
  context: AppContext,
  entry: RunEntry,
  container: ContainerObservation,
): Readonly<Record<string, string>> {
  const spec = specOf(entry, container.service);
  if (spec === null) return {};
  return Object.fromEntries(
    Object.entries(container.volumes).map(([path, name]) => {
      const mount = spec.mounts.find((each) => each.target === path);
      const volume =
        mount?.kind === 'volume' ? mount.volume : imageVolumeKey(container.service, container.replica, path);
      return [volume, name];
    }),
  );
}

/**
 * Two instances over the data directory of one database would destroy it: where both have the same volume of the image,
 * the old one stops first, unless the file asks for start-first.
 */
export function mustStopFirst(
  entry: RunEntry | null,
  candidate: Pick<ContainerObservation, 'service' | 'volumes'>,
  old: ContainerObservation,
): boolean {
  const spec = specOf(entry, candidate.service);
  if (spec?.order === 'stop-first') return true;
  if (entry?.startFirst?.includes(candidate.service) === true) return false;
  const held = new Set(Object.values(old.volumes));
  return Object.entries(candidate.volumes).some(
    ([path, name]) => held.has(name) && spec?.mounts.some((mount) => mount.target === path) !== true,
  );
}

/**
 * Made by an agent of before, which let Docker mount an empty volume where the image declares one: the data is in
 * another, and the container has to be made again.
 */
export function hasForeignVolume(context: AppContext, entry: RunEntry, container: ContainerObservation): boolean {
  const { service, replica, volumes } = container;
  const spec = specOf(entry, service);
  if (spec === null) return false;
  // By what the container has mounted: what its image declares may not be known yet, right after a start of the agent.
  return uncoveredPaths(Object.keys(volumes), spec).some((path) => {
    const wanted = engineVolume(context, entry, imageVolumeKey(service, replica, path));
    return wanted !== null && wanted !== volumes[path];
  });
}

function namedVolumes(entry: RunEntry, service: string): readonly string[] {
  const mounts = specOf(entry, service)?.mounts ?? [];
  return [...new Set(mounts.flatMap((mount) => (mount.kind === 'volume' ? [mount.volume] : [])))];
}

function declaredPaths(context: AppContext, entry: RunEntry, service: string): readonly string[] {
  const spec = specOf(entry, service);
  const image = imageOf(context, entry, service);
  return spec === null || image === null ? [] : uncoveredPaths(image.volumes, spec);
}

/** Null while it is not here. */
function imageOf(context: AppContext, entry: RunEntry, service: string): AppContext['facts']['images'][string] | null {
  const spec = specOf(entry, service);
  const digest = spec?.image.digest;
  if (spec === null || digest == null) return null;
  return context.facts.images[imageKey({ digest, platform: spec.image.platform })] ?? null;
}

/** The newest container counts: what is committed has the data that is served. */
function mountedVolume(context: AppContext, volume: string): string | null {
  const committed = Object.values(context.journal.committed?.instances ?? {}).map((record) => record.instance);
  const holders = context.containers.filter((each) =>
    Object.keys(each.volumes).some((path) => imageVolumeKey(each.service, each.replica, path) === volume),
  );
  const holder = holders.find((each) => committed.includes(each.instance)) ?? holders[0];
  if (holder === undefined) return null;
  return (
    Object.entries(holder.volumes).find(
      ([path]) => imageVolumeKey(holder.service, holder.replica, path) === volume,
    )?.[1] ?? null
  );
}
