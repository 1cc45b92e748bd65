/**
 * From a path in the resolved app to the one in the file, where the two differ: a range is one line under `ports`, and
 * `tmpfs` has a key of its own.
 */
import { parsePortRange, parsePortText } from './values/port-text.ts';
import type { Path } from './source/report.ts';
import { childOf, type Tree } from './source/tree.ts';

export function toFilePath(file: Tree, path: Path): Path {
  const [services, name, key, index, ...rest] = path;
  if (services !== 'services' || typeof name !== 'string' || typeof index !== 'number') return path;
  const service = childOf(childOf(file, 'services'), name);
  const list = childOf(service, String(key));
  if (key === 'ports' && list?.kind === 'list') return ['services', name, 'ports', itemOf(list.items, index), ...rest];
  if (key === 'volumes') {
    const mounts = list?.kind === 'list' ? list.items.length : 0;
    if (index >= mounts) return ['services', name, 'tmpfs', index - mounts, ...rest];
  }
  return path;
}

function itemOf(items: readonly Tree[], port: number): number {
  let passed = 0;
  for (const [index, item] of items.entries()) {
    passed += portsIn(item);
    if (port < passed) return index;
  }
  return items.length;
}

function portsIn(item: Tree): number {
  const target = childOf(item, 'target');
  const range =
    item.kind === 'scalar'
      ? parsePortText(item.text)?.container
      : target?.kind === 'scalar'
        ? parsePortRange(target.text)
        : null;
  return range ? range.to - range.from + 1 : 0;
}
