/**
 * `.env` and `env_file`: `NAME=value`, `export NAME=value`, `NAME: value`, comments, single quotes (as they are),
 * double quotes (with escapes and variables), values over several lines inside quotes. A comment after a value needs a
 * space before its `#`. A name alone takes its value from outside. Variables see the names above them in the file.
 */
import { interpolate, type Lookup, MAX_EXPANDED_CHARACTERS } from './interpolate.ts';
import { NOT_UTF8 } from './yaml-source.ts';

export interface EnvFileProblem {
  readonly line: number;
  readonly column: number;
  readonly name: string | null;
  readonly message: string;
}

export interface EnvFile {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly EnvFileProblem[];
}

export interface EnvFileOptions {
  /** Wins over the names of the file itself in variables. */
  readonly outside: Lookup;
  /** `raw`: everything after `=` counts as it is, without quotes, comments or variables. */
  readonly format?: 'env' | 'raw';
}

/** Characters in one file. */
export const MAX_ENV_FILE_CHARACTERS = 1024 * 1024;

const START = /^[ \t]*(?:export[ \t]+)?([\p{L}\p{N}_][\p{L}\p{N}_.[\]-]*)[ \t]*(?:([=:])[ \t]*|$)/u;

export function parseEnvFile(source: string, options: EnvFileOptions): EnvFile {
  const values = new Map<string, string>();
  const problems: EnvFileProblem[] = [];
  const lookup: Lookup = (name) => options.outside(name) ?? values.get(name);
  let charactersLeft = MAX_EXPANDED_CHARACTERS;
  if (source.length > MAX_ENV_FILE_CHARACTERS) {
    const message = `the file has ${source.length} characters; at most ${MAX_ENV_FILE_CHARACTERS} are read`;
    return { values, problems: [{ line: 1, column: 1, name: null, message }] };
  }
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const fail = (name: string | null, message: string, column = 1): void => {
      problems.push({ line: index + 1, column, name, message });
    };
    const broken = line.indexOf('\uFFFD');
    if (broken >= 0) {
      fail(null, NOT_UTF8, broken + 1);
      continue;
    }
    const start = START.exec(line);
    const name = start?.[1];
    if (start === null || name === undefined) {
      fail(null, 'each line is NAME=value, a comment, or empty');
      continue;
    }
    if (start[2] === undefined) {
      const inherited = options.outside(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    if (options.format === 'raw') {
      values.set(name, line.slice(line.indexOf('=') + 1));
      continue;
    }
    const value = readValue(lines, index, start[0].length);
    if (value === null) {
      fail(name, 'the closing quote is missing', start[0].length + 1);
      break;
    }
    if (value.rest !== '') fail(name, `"${value.rest}" stands after the closing quote`);
    if (value.quote === "'") values.set(name, value.text.replaceAll("\\'", "'"));
    else {
      const expanded = interpolate(value.quote === null ? value.text : unescape(value.text), lookup, charactersLeft);
      charactersLeft -= expanded.text.length;
      for (const problem of expanded.problems) fail(name, `${problem.message} (single quotes keep a "$" as it is)`);
      values.set(name, expanded.text);
    }
    index += value.moreLines;
  }
  return { values, problems };
}

interface RawValue {
  readonly text: string;
  readonly quote: '"' | "'" | null;
  readonly moreLines: number;
  /** What follows the closing quote and is no comment. */
  readonly rest: string;
}

function readValue(lines: readonly string[], index: number, column: number): RawValue | null {
  const first = (lines[index] ?? '').slice(column);
  const quote = first[0];
  if (quote !== '"' && quote !== "'") return { text: withoutComment(first), quote: null, moreLines: 0, rest: '' };
  const passed: string[] = [];
  let line = first.slice(1);
  for (let at = index; ; line = lines[at] ?? '') {
    const end = closingQuote(line, quote);
    if (end >= 0) {
      const text = [...passed, line.slice(0, end)].join('\n');
      const after = line.slice(end + 1).trim();
      return { text, quote, moreLines: at - index, rest: after.startsWith('#') ? '' : withoutComment(after) };
    }
    passed.push(line);
    at += 1;
    if (at >= lines.length) return null;
  }
}

/** `#` begins a comment only after a space, so that `COLOR=#ff8800` keeps its value. */
function withoutComment(text: string): string {
  const comment = text.indexOf(' #');
  return (comment < 0 ? text : text.slice(0, comment)).trim();
}

/** A backslash keeps what follows from closing, in quotes of both kinds. */
function closingQuote(line: string, quote: string): number {
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === quote) return at;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  // Interpolation turns it into a plain `$`.
  $: '$$',
};

/** Compose's escapes inside double quotes; `\0101` is octal. Any other backslash stays. */
function unescape(text: string): string {
  return text.replace(/\\(?:([abfnrtv$"\\])|0([0-3][0-7]{2}))/g, (_whole, letter?: string, octal?: string) =>
    octal === undefined ? (ESCAPES[letter ?? ''] ?? letter ?? '') : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
