/**
 * The YAML of the metadata attribute `gce-container-declaration`. What konlet itself refused (a second container, an
 * unknown key, a volume that nobody mounts) is an error here, at its line and column.
 */
import type { Report, Path } from '../../compose/source/report.ts';
import type { ListTree, MapTree, Position, Tree } from '../../compose/source/tree.ts';
import { isNull } from '../../compose/source/tree.ts';
import { suggestion } from '../../compose/values/suggest.ts';
import type { KonletMount, KonletWorkload } from './workload.ts';

type Volume =
  { readonly kind: 'host'; readonly path: string } | { readonly kind: 'memory' } | { kind: 'disk'; disk: string };

interface Place {
  readonly tree: Tree;
  readonly path: Path;
  readonly report: Report;
}

const RESTARTS: Readonly<Record<string, KonletWorkload['restart']>> = {
  Always: 'always',
  OnFailure: 'on-failure',
  Never: 'no',
};

/** Null where anything is wrong; the reasons are in the report. */
export function readDeclaration(tree: Tree, report: Report): KonletWorkload | null {
  const root = mapAt({ tree, path: [], report }, ['spec', 'apiVersion', 'kind', 'metadata'], 'the declaration');
  const spec = root?.entries.get('spec');
  if (root === null) return null;
  if (spec === undefined) {
    report.error(root.at, ['spec'], 'is missing: this is not a gce-container-declaration');
    return null;
  }
  const place: Place = { tree: spec.value, path: ['spec'], report };
  const map = mapAt(place, ['containers', 'volumes', 'restartPolicy'], 'spec');
  if (map === null) return null;
  const volumes = readVolumes(inside(place, map, 'volumes'));
  const container = theContainer(inside(place, map, 'containers'), map, report);
  const restart = readRestart(inside(place, map, 'restartPolicy'));
  if (container === null) return null;
  return readContainer(container, volumes, restart);
}

function theContainer(place: Place | null, spec: MapTree, report: Report): Place | null {
  if (place === null) {
    report.error(spec.at, ['spec', 'containers'], 'is missing: there is nothing to run');
    return null;
  }
  const list = listAt(place, 'containers');
  const [first, second] = list?.items ?? [];
  if (list !== null && first === undefined) report.error(list.at, place.path, 'is empty: there is nothing to run');
  if (second !== undefined)
    report.error(second.at, [...place.path, 1], 'is a second container, and konlet ran one: import each on its own');
  return first === undefined ? null : { tree: first, path: [...place.path, 0], report };
}

const CONTAINER_KEYS = ['name', 'image', 'command', 'args', 'env', 'volumeMounts', 'securityContext', 'stdin', 'tty'];

function readContainer(
  place: Place,
  volumes: ReadonlyMap<string, Volume & { readonly at: Position }>,
  restart: KonletWorkload['restart'],
): KonletWorkload | null {
  const map = mapAt(place, CONTAINER_KEYS, 'a container');
  if (map === null) return null;
  const at = (key: string): Place | null => inside(place, map, key);
  const image = textAt(at('image'));
  if (image === null && at('image') === null)
    place.report.error(map.at, [...place.path, 'image'], 'is missing: which image shall run?');
  const mounts = readMounts(at('volumeMounts'), volumes, place.report);
  const security = at('securityContext');
  const securityMap = security === null ? null : mapAt(security, ['privileged'], 'securityContext');
  return {
    name: textAt(at('name')) ?? 'app',
    image: image ?? '',
    command: textsAt(at('command')),
    args: textsAt(at('args')),
    env: readEnv(at('env')),
    envFile: null,
    mounts,
    privileged: security !== null && securityMap !== null && truthAt(inside(security, securityMap, 'privileged')),
    stdin: truthAt(at('stdin')),
    tty: truthAt(at('tty')),
    restart,
  };
}

function readEnv(place: Place | null): KonletWorkload['env'] {
  if (place === null) return [];
  return (listAt(place, 'env')?.items ?? []).flatMap((tree, index) => {
    const item: Place = { ...place, tree, path: [...place.path, index] };
    const map = mapAt(item, ['name', 'value'], 'a variable');
    if (map === null) return [];
    const name = textAt(inside(item, map, 'name'));
    if (name === null || name === '') {
      place.report.error(map.at, [...item.path, 'name'], 'is missing');
      return [];
    }
    return [[name, textAt(inside(item, map, 'value')) ?? ''] as const];
  });
}

function readVolumes(place: Place | null): ReadonlyMap<string, Volume & { readonly at: Position }> {
  const found = new Map<string, Volume & { readonly at: Position }>();
  if (place === null) return found;
  (listAt(place, 'volumes')?.items ?? []).forEach((tree, index) => {
    const item: Place = { ...place, tree, path: [...place.path, index] };
    const map = mapAt(item, ['name', 'hostPath', 'emptyDir', 'gcePersistentDisk'], 'a volume');
    if (map === null) return;
    const name = textAt(inside(item, map, 'name'));
    const volume = readVolume(item, map);
    if (name === null) place.report.error(map.at, [...item.path, 'name'], 'is missing');
    else if (volume !== null) found.set(name, { ...volume, at: map.at });
  });
  return found;
}

function readVolume(place: Place, map: MapTree): Volume | null {
  const kinds = ['hostPath', 'emptyDir', 'gcePersistentDisk'].filter((key) => map.entries.has(key));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    place.report.error(map.at, place.path, 'holds exactly one of hostPath, emptyDir, gcePersistentDisk');
    return null;
  }
  const inner = inside(place, map, kind);
  if (inner === null) return null;
  const keys = { hostPath: ['path'], emptyDir: ['medium'], gcePersistentDisk: ['pdName', 'fsType', 'partition'] }[kind];
  const said = mapAt(inner, keys ?? [], kind);
  if (said === null) return null;
  const text = (key: string): string => textAt(inside(inner, said, key)) ?? '';
  const needs = (key: string, message: string): null => {
    place.report.error(said.entries.get(key)?.value.at ?? said.at, [...inner.path, key], message);
    return null;
  };
  switch (kind) {
    case 'hostPath':
      return text('path').startsWith('/')
        ? { kind: 'host', path: text('path') }
        : needs('path', 'is not an absolute path');
    case 'emptyDir':
      return text('medium') === 'Memory' ? { kind: 'memory' } : needs('medium', 'must be Memory: konlet knew no other');
    default:
      return text('pdName') === '' ? needs('pdName', 'is missing') : { kind: 'disk', disk: text('pdName') };
  }
}

function readMounts(
  place: Place | null,
  volumes: ReadonlyMap<string, Volume & { readonly at: Position }>,
  report: Report,
): readonly KonletMount[] {
  const used = new Set<string>();
  const mounts: KonletMount[] = [];
  const items = place === null ? [] : (listAt(place, 'volumeMounts')?.items ?? []);
  items.forEach((tree, index) => {
    if (place === null) return;
    const item: Place = { ...place, tree, path: [...place.path, index] };
    const map = mapAt(item, ['name', 'mountPath', 'readOnly'], 'a mount');
    if (map === null) return;
    const name = textAt(inside(item, map, 'name')) ?? '';
    const target = textAt(inside(item, map, 'mountPath')) ?? '';
    const volume = volumes.get(name);
    used.add(name);
    if (!target.startsWith('/')) place.report.error(map.at, [...item.path, 'mountPath'], 'is not an absolute path');
    if (volume === undefined)
      place.report.error(
        map.entries.get('name')?.value.at ?? map.at,
        [...item.path, 'name'],
        `"${name}" is not in spec.volumes${suggestion(name, volumes.keys())}`,
      );
    else mounts.push({ ...withoutPlace(volume), target, readOnly: truthAt(inside(item, map, 'readOnly')) });
  });
  // konlet refused it too, and a volume that nobody mounts is most often a misspelt name.
  for (const [name, { at }] of volumes)
    if (!used.has(name)) report.error(at, ['spec', 'volumes'], `"${name}" is mounted nowhere`);
  return mounts;
}

function withoutPlace({ at: _at, ...volume }: Volume & { readonly at: Position }): Volume {
  return volume;
}

function readRestart(place: Place | null): KonletWorkload['restart'] {
  const text = textAt(place);
  const known = text === null || text === '' ? 'always' : RESTARTS[text];
  if (known === undefined && place !== null)
    place.report.error(place.tree.at, place.path, `is "${text ?? ''}"; konlet knew Always, OnFailure and Never`);
  return known ?? 'always';
}

function inside(place: Place, map: MapTree, key: string): Place | null {
  const entry = map.entries.get(key);
  if (entry === undefined || isNull(entry.value)) return null;
  return { tree: entry.value, path: [...place.path, key], report: place.report };
}

function mapAt({ tree, path, report }: Place, keys: readonly string[], what: string): MapTree | null {
  if (tree.kind !== 'map') {
    report.error(tree.at, path, `${what} must be a map with ${keys.join(', ')}`);
    return null;
  }
  for (const [key, { keyAt }] of tree.entries)
    if (!keys.includes(key))
      report.error(keyAt, [...path, key], `is not a key that konlet knew${suggestion(key, keys)}`);
  return tree;
}

function listAt({ tree, path, report }: Place, what: string): ListTree | null {
  if (tree.kind === 'list') return tree;
  report.error(tree.at, path, `${what} must be a list`);
  return null;
}

function textsAt(place: Place | null): readonly string[] | null {
  if (place === null) return null;
  const list = listAt(place, 'it');
  return list === null
    ? null
    : list.items.map((tree, index) => textAt({ ...place, tree, path: [...place.path, index] }) ?? '');
}

function textAt(place: Place | null): string | null {
  if (place === null) return null;
  if (place.tree.kind === 'scalar') return place.tree.text;
  place.report.error(place.tree.at, place.path, 'must be text');
  return null;
}

function truthAt(place: Place | null): boolean {
  if (place === null) return false;
  if (place.tree.kind === 'scalar' && typeof place.tree.value === 'boolean') return place.tree.value;
  place.report.error(place.tree.at, place.path, 'must be true or false');
  return false;
}
