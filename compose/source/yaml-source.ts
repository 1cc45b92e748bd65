/**
 * Text to tree: YAML 1.2 with positions, and the limits that keep a hostile file cheap (size, depth, and how much an
 * alias may stand for). Depth is measured on the token tree without recursion, because the YAML library recurses and
 * a stack that overflows inside it can end the process instead of throwing.
 */
import { Composer, type CST, type Document, LineCounter, Parser } from 'yaml';
import type { Path, Report } from './report.ts';
import { mapTree, type Position, type Tree } from './tree.ts';
import { treeOfDocument } from './yaml-tree.ts';

/** Characters in one file. */
export const MAX_FILE_CHARACTERS = 256 * 1024;
export const MAX_DEPTH = 60;

export interface YamlFile {
  readonly file: string;
  /** Folder that relative paths in it are relative to. */
  readonly base: string;
  readonly text: string;
  /** A file of comments alone changes nothing, as in Compose; without this it is a mistake. */
  readonly mayBeEmpty?: boolean;
}

/** What a reader of UTF-8 makes of bytes that are none. */
export const NOT_UTF8 = 'this is not UTF-8; save the file in that encoding';

/** Null where the file cannot be used; the reasons are in the report. An empty file is null with a reason too. */
export function parseYaml(source: YamlFile, report: Report): Tree | null {
  const start: Position = { file: source.file, base: source.base, line: 1, column: 1 };
  const fail = (at: Position, message: string): null => {
    report.error(at, [], message);
    return null;
  };
  if (source.text.length > MAX_FILE_CHARACTERS)
    return fail(start, `the file has ${source.text.length} characters; at most ${MAX_FILE_CHARACTERS} are read`);
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { ...start, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const text = source.text.startsWith('\uFEFF') ? source.text.slice(1) : source.text;
  const broken = text.indexOf('\uFFFD');
  if (broken >= 0) {
    const before = text.slice(0, broken).split('\n');
    const at = { ...start, line: before.length, column: (before[before.length - 1] ?? '').length + 1 };
    return fail(at, NOT_UTF8);
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = offsetBeyond(tokens, MAX_DEPTH);
  if (tooDeep !== null) return fail(positionAt(tooDeep), `nested more than ${MAX_DEPTH} levels deep`);
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const documents = composer.compose(tokens, true, text.length);
  const [document, second] = documents;
  const empty = (): Tree | null =>
    source.mayBeEmpty === true ? mapTree(new Map(), start) : fail(start, 'the file is empty');
  if (document === undefined) return empty();
  if (second !== undefined)
    return fail(
      positionAt(second.range[0]),
      'several YAML documents in one file are not done yet; use several -f files',
    );
  if (reportSyntax(document, positionAt, report)) return null;
  if (document.contents === null) return empty();
  return treeOfDocument(document.contents, text, positionAt, report);
}

function reportSyntax(document: Document.Parsed, positionAt: (offset: number) => Position, report: Report): boolean {
  const path: Path = [];
  for (const error of document.errors)
    report.error(positionAt(error.pos[0]), path, plainWords(error.code, error.message));
  return document.errors.length > 0;
}

function plainWords(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation; YAML takes only spaces';
  if (code === 'BAD_INDENT') return `the indentation is not right: ${message}`;
  if (code === 'IMPOSSIBLE' || code === 'UNEXPECTED_TOKEN') return `this is not YAML: ${message}`;
  return message;
}

/** Offset of the first token nested deeper than `max`, or null. Iterative on purpose. */
function offsetBeyond(tokens: readonly CST.Token[], max: number): number | null {
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  let found: number | null = null;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { token, depth } = top;
    if (depth > max) {
      found = found === null ? token.offset : Math.min(found, token.offset);
      continue;
    }
    if (token.type === 'document') {
      if (token.value !== undefined) stack.push({ token: token.value, depth });
    } else if ('items' in token) {
      for (const item of token.items) {
        if (item.key) stack.push({ token: item.key, depth: depth + 1 });
        if (item.value) stack.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
  return found;
}
