/**
 * Addresses of Compute Engine: `projects/P/{global | regions/R | zones/Z}/COLLECTION[/NAME[/VERB]]`. Links in bodies are
 * kept as Google writes them out, whole; `linkPath` takes them back to the path.
 */
import { notRehearsed } from '../google-error.ts';

export interface ComputePath {
  readonly project: string;
  /** `global`, `regions/R`, `zones/Z` */
  readonly scope: string;
  readonly collection: string;
  readonly name: string | null;
  readonly verb: string | null;
}

export const linkRoot = 'https://www.googleapis.com/compute/v1/';
const relative =
  /^(?:https:\/\/[a-z.]*googleapis\.com\/compute\/(?:v1|beta)\/)?(projects\/[^/]+\/(?:global|regions|zones)\/[^\n]+)$/;
const shape = /^projects\/([^/]+)\/(global|regions\/[^/]+|zones\/[^/]+)\/([A-Za-z]+)(?:\/([^/]+)(?:\/([A-Za-z]+))?)?$/;

export function parseComputePath(path: string, call: string): ComputePath {
  const match = shape.exec(path);
  if (match === null) throw notRehearsed(call);
  const [, project = '', scope = '', collection = '', name, verb] = match;
  return { project, scope, collection, name: name ?? null, verb: verb ?? null };
}

/** `projects/...` of a link in any of its spellings, without a query; undefined for other texts. */
export function linkPath(text: string): string | undefined {
  return relative.exec(text)?.[1]?.replace(/\?.*$/, '');
}

export function selfLink(path: string): string {
  return `${linkRoot}${path}`;
}

export function scopePath(path: ComputePath): string {
  return `projects/${path.project}/${path.scope}`;
}

export function collectionPath(path: ComputePath): string {
  return `${scopePath(path)}/${path.collection}`;
}

/** Last part of a path or link. */
export function lastPart(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1);
}
