// Reads the tables of a page of docs/, so that a rule is written once, where people read it.
import { readFileSync } from 'node:fs';

export type TableRow = readonly string[];

/** The rows of the first table below the heading, without its head; cells without backticks around. */
export function markdownTable(file: string, heading: string): TableRow[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from === -1) throw new Error(`${file} has no heading "${heading}"`);
  const below = lines.slice(from + 1);
  const until = below.findIndex((line) => /^#+ /.test(line));
  return below
    .slice(0, until === -1 ? undefined : until)
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .replace(/^\|/, '')
        .replace(/\|\s*$/, '')
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** `a`, `b` in a cell as a list; words outside of backticks are prose. */
export function codeWords(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
