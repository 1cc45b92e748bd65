/**
 * `extends`: a service laid over another one, of the same file or of another. Paths in the other file stay relative
 * to that file. A circle is named whole.
 */
import { suggestion } from '../values/suggest.ts';
import type { FileLoader } from './file-loader.ts';
import { reportVariables } from './interpolate-tree.ts';
import { mergeTrees } from './merge.ts';
import { nodeCount } from './node-count.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Report } from './report.ts';
import { childOf, type Entry, type MapTree, mapTree, type Position, type Tree } from './tree.ts';
import { MAX_NODES } from './yaml-tree.ts';

/** Services in one chain of `extends`. */
const MAX_CHAIN = 50;

interface Extending {
  readonly loader: FileLoader;
  readonly report: Report;
}

/** The file's tree with every `extends` of its services settled. */
export function withExtends(file: MapTree, loader: FileLoader, report: Report): MapTree {
  const services = childOf(file, 'services');
  if (services?.kind !== 'map') return file;
  const entries = new Map<string, Entry>();
  const counted = new Map<Tree, number>();
  let count = 0;
  for (const [name, entry] of services.entries) {
    // Past the bound the file is refused as a whole: no more copies are made of what it extends.
    const value = count > MAX_NODES || report.isFull() ? null : resolve(file, name, [], { loader, report });
    count += nodeCount(value ?? entry.value, counted);
    entries.set(name, { keyAt: entry.keyAt, value: value ?? entry.value });
  }
  const old = file.entries.get('services');
  const keyAt = old?.keyAt ?? file.at;
  const all = new Map(file.entries);
  all.set('services', { keyAt, value: mapTree(entries, services.at, services.tag) });
  return mapTree(all, file.at, file.tag);
}

function resolve(file: MapTree, name: string, chain: readonly string[], extending: Extending): Tree | null {
  const entry = childOf(childOf(file, 'services') ?? file, name);
  if (entry?.kind !== 'map') return entry ?? null;
  const stated = entry.entries.get('extends');
  if (stated === undefined) return entry;
  const here = `${file.at.file}: ${name}`;
  const own = mapTree(withoutKey(entry.entries, 'extends'), entry.at, entry.tag);
  const fail = (message: string, at: Position = stated.keyAt): Tree => {
    extending.report.error(at, ['services', name, 'extends'], message);
    return own;
  };
  reportVariables(stated.value, ['services', name, 'extends'], extending.report);
  const link = readLink(stated.value);
  if (link === null) return fail('takes the name of a service, or {service, file}');
  if (chain.length >= MAX_CHAIN) return fail(`extends more than ${MAX_CHAIN} services in a row`);
  if (chain.includes(here)) return fail(`extends itself in a circle: ${[...chain, here].join(' -> ')}`);
  const other = otherFile(file, link, name, extending);
  if (other === null) return own;
  const services = childOf(other, 'services');
  if (services?.kind !== 'map' || !services.entries.has(link.service)) {
    const known = services?.kind === 'map' ? services.entries.keys() : [];
    const where = link.file === null ? '' : ` in ${other.at.file}`;
    return fail(`there is no service "${link.service}"${where}${suggestion(link.service, known)}`, link.at);
  }
  const base = resolve(other, link.service, [...chain, here], extending);
  return base === null ? own : mergeTrees(base, own, ['services', name]);
}

interface Link {
  readonly service: string;
  readonly file: string | null;
  readonly at: Position;
}

function readLink(tree: Tree): Link | null {
  if (tree.kind === 'scalar') return tree.text === '' ? null : { service: tree.text, file: null, at: tree.at };
  if (tree.kind === 'list') return null;
  for (const key of tree.entries.keys()) if (key !== 'service' && key !== 'file') return null;
  const service = childOf(tree, 'service');
  const file = childOf(tree, 'file');
  if (service?.kind !== 'scalar' || (file !== undefined && file.kind !== 'scalar')) return null;
  return { service: service.text, file: file?.text ?? null, at: service.at };
}

function otherFile(file: MapTree, link: Link, name: string, extending: Extending): MapTree | null {
  if (link.file === null) return file;
  const path = joinPath(link.at.base, link.file);
  return extending.loader.yaml(path, folderOf(path), { at: link.at, path: ['services', name, 'extends', 'file'] });
}

function withoutKey(entries: ReadonlyMap<string, Entry>, key: string): ReadonlyMap<string, Entry> {
  const kept = new Map(entries);
  kept.delete(key);
  return kept;
}
