/**
 * Links between resources: written out whole as Google does, refused when they name what is not there, and what holds a
 * resource that is to be deleted. By these an order of creation or destruction that would fail at Google fails here too.
 */
import { GoogleError, notFound } from '../google-error.ts';
import { type JsonObject, mapObjectStrings, stringsOf, withoutEmpty } from '../json.ts';
import type { ResourceStore } from '../resource-store.ts';
import { lastPart, linkPath, selfLink } from './compute-path.ts';
import { collections } from './collections.ts';

const partial = /^(global|zones\/[a-z0-9-]+|regions\/[a-z0-9-]+)\/[A-Za-z]+\/[^/]+$/;

/** Every link of a body in full, without the query that names a template's exact one. */
export function withWholeLinks(project: string, body: JsonObject): JsonObject {
  return mapObjectStrings(body, (text) => {
    if (partial.test(text)) return selfLink(`projects/${project}/${text}`);
    const path = linkPath(text);
    return path === undefined ? text : selfLink(path);
  });
}

/** Links of a template by its id, as the provider names the exact one, by its name. */
export function withNamedLinks(store: ResourceStore, project: string, body: JsonObject): JsonObject {
  return mapObjectStrings(withWholeLinks(project, withoutEmpty(body)), (text) => {
    const path = /\/[0-9]+$/.test(text) ? linkPath(text) : undefined;
    if (path === undefined) return text;
    const collection = path.slice(0, path.lastIndexOf('/'));
    const found = store.list(`compute/${collection}`).find((stored) => stored.body['id'] === lastPart(path));
    return found === undefined ? text : selfLink(found.path.slice('compute/'.length));
  });
}

function ownReferences(project: string, body: JsonObject): string[] {
  return stringsOf(body).flatMap((text) => {
    const path = linkPath(text);
    if (!path?.startsWith(`projects/${project}/`)) return [];
    const collection = path.split('/').at(-2) ?? '';
    return Object.hasOwn(collections, collection) ? [path] : [];
  });
}

export function refuseUnknownReferences(store: ResourceStore, project: string, body: JsonObject): void {
  for (const path of ownReferences(project, body)) if (store.get(`compute/${path}`) === undefined) throw notFound(path);
}

/** Paths of the resources that name this one. */
export function usersOf(store: ResourceStore, project: string, path: string): string[] {
  return (
    store
      .all(`compute/projects/${project}/`)
      .filter((stored) => !stored.path.includes('/operations/') && stored.path !== `compute/${path}`)
      // A snapshot outlives its disk, and a disk the snapshot that it was made from.
      .filter((stored) => !stored.path.includes('/global/snapshots/'))
      .filter(({ body }) => ownReferences(project, { ...body, selfLink: null, sourceSnapshot: null }).includes(path))
      .map((stored) => stored.path.slice('compute/'.length))
  );
}

/** `but` may use it: a group manager its own group. */
export function refuseWhileUsed(store: ResourceStore, project: string, path: string, but = ''): void {
  const user = usersOf(store, project, path).find((one) => one !== but);
  if (user === undefined) return;
  const kind = path.split('/').at(-2) ?? '';
  throw new GoogleError(
    400,
    'resourceInUseByAnotherResource',
    `The ${kind.replace(/s$/, '')} resource '${path}' is already being used by '${user}'`,
  );
}
