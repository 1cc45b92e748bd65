/** `command` and `entrypoint`: a list of words, or one text that is split like a shell does. */
import { type Cursor, describe, fail, items, readText } from './read.ts';
import { splitWords } from '../values/shell-words.ts';

export function readCommand(cursor: Cursor): readonly string[] | null {
  const { tree } = cursor;
  if (tree.kind === 'list') return items(cursor).flatMap((item) => readText(item) ?? []);
  if (tree.kind !== 'scalar') return fail(cursor, `takes a list of words or a text; this is ${describe(tree)}`);
  return splitWords(tree.text) ?? fail(cursor, 'a quote is not closed');
}
