/**
 * Which hosts this agent was before: those whose containers or volumes name its data directory, or, made before that
 * label was there, mount something out of it. What names another directory belongs to another agent of this engine, and
 * what names none and mounts nothing of ours is not known to be ours. Pure.
 */
import { isHostId } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { FormerHostClaim } from '../../protocol/enroll.ts';
import type { OwnedObject } from '../engine/owned-objects.ts';

export type FormerHost = Omit<FormerHostClaim, 'adopt'>;

/** As many apps as a claim may name. */
const MOST_APPS = 100;

/** @param own the host that it is now; null = none yet */
export function formerHosts(
  objects: readonly OwnedObject[],
  dataDir: string,
  own: HostId | null,
): readonly FormerHost[] {
  const ours = new Set(objects.filter((object) => isOfDataDir(object, dataDir)).map(({ host }) => host));
  return [...ours]
    .filter(isHostId)
    .filter((host) => host !== own)
    .sort()
    .map((host) => summaryOf(host, objects));
}

/** What the engine holds of one host, also where that is nothing. */
export function summaryOf(host: HostId, objects: readonly OwnedObject[]): FormerHost {
  const held = objects.filter((object) => object.host === host);
  const apps = new Set(held.flatMap(({ app }) => app ?? []));
  return {
    host,
    apps: [...apps].sort().slice(0, MOST_APPS),
    containers: held.filter(({ kind }) => kind === 'container').length,
    volumes: held.filter(({ kind }) => kind === 'volume').length,
    ingress: held.some(({ ingress }) => ingress),
  };
}

/** `h-... (2 containers and 1 volume of db, web; the ingress)` */
export function describeFormer({ host, apps, containers, volumes, ingress }: FormerHost): string {
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const of = apps.length === 0 ? '' : ` of ${apps.slice(0, 10).join(', ')}`;
  return `${host} (${counted(containers, 'container')} and ${counted(volumes, 'volume')}${of}${ingress ? '; the ingress' : ''})`;
}

function isOfDataDir({ dataDir, sources }: OwnedObject, own: string): boolean {
  const folder = withoutSlash(own);
  if (dataDir !== null) return withoutSlash(dataDir) === folder;
  return sources.some((source) => source.startsWith(`${folder}/`));
}

function withoutSlash(folder: string): string {
  return folder.length > 1 ? folder.replace(/\/+$/, '') : folder;
}
