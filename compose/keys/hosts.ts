/** `x-longshore.hosts`: which hosts an app is for. Nothing stated = every host. */
import type { HostSelector } from '../../fleet/app-spec.ts';
import { EVERY_HOST } from '../defaults.ts';
import { fields, type KeyTable } from './key-table.ts';
import { type Cursor, entries, readOr, readTextsOrOne } from './read.ts';

export const HOSTS_KEYS = { labels: 'read', pools: 'read', names: 'read' } satisfies KeyTable;

export function readHosts(cursor: Cursor | undefined): HostSelector {
  if (cursor === undefined) return EVERY_HOST;
  const given = fields(cursor, HOSTS_KEYS);
  return {
    labels: readOr(given.labels, readLabels, {}),
    pools: readOr(given.pools, readTextsOrOne, []),
    names: readOr(given.names, readTextsOrOne, []),
  };
}

function readLabels(cursor: Cursor): HostSelector['labels'] {
  return Object.fromEntries(entries(cursor).map(([name, value]) => [name, readTextsOrOne(value)]));
}
