/** How many values a tree stands for with what is shared (aliases, `extends`) spelled out: what reading it costs. */
import type { Tree } from './tree.ts';

export function nodeCount(tree: Tree, known = new Map<Tree, number>()): number {
  const before = known.get(tree);
  if (before !== undefined) return before;
  let count = 1;
  if (tree.kind === 'list') for (const item of tree.items) count += nodeCount(item, known);
  if (tree.kind === 'map') for (const { value } of tree.entries.values()) count += nodeCount(value, known);
  known.set(tree, count);
  return count;
}
