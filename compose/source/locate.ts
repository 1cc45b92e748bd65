/** Finds the place of a path in the file, or the nearest place above it that exists. */
import type { Path } from './report.ts';
import type { Position, Tree } from './tree.ts';

export function locate(tree: Tree, path: Path): Position {
  let here = tree;
  let at = tree.at;
  for (const part of path) {
    if (here.kind === 'map') {
      const entry = here.entries.get(String(part));
      if (entry === undefined) break;
      at = entry.value.kind === 'scalar' && entry.value.text !== '' ? entry.value.at : entry.keyAt;
      here = entry.value;
    } else if (here.kind === 'list' && typeof part === 'number') {
      const item = here.items[part];
      if (item === undefined) break;
      at = item.at;
      here = item;
    } else break;
  }
  return at;
}
