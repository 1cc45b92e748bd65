/**
 * `.env` and `env_file`: `NAME=value`, `export NAME=value`, `NAME: value`, comments, single quotes (as they are),
 * double quotes (with escapes and variables), values over several lines inside quotes. A name alone takes its value
 * from outside. Variables see the names above them in the file.
 */
import { interpolate, type Lookup } from './interpolate.ts';

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

const START = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:([=:])[ \t]*|$)/;

export function parseEnvFile(source: string, options: EnvFileOptions): EnvFile {
  const values = new Map<string, string>();
  const problems: EnvFileProblem[] = [];
  const lookup: Lookup = (name) => options.outside(name) ?? values.get(name);
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const fail = (name: string | null, message: string, column = 1): void => {
      problems.push({ line: index + 1, column, name, message });
    };
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
    if (value.literal) values.set(name, value.text);
    else {
      const expanded = interpolate(value.quoted ? unescape(value.text) : value.text, lookup);
      for (const problem of expanded.problems) fail(name, `${problem.message} (single quotes keep a "$" as it is)`);
      values.set(name, expanded.text);
    }
    index += value.moreLines;
  }
  return { values, problems };
}

interface RawValue {
  readonly text: string;
  readonly literal: boolean;
  readonly quoted: boolean;
  readonly moreLines: number;
  /** What follows the closing quote and is no comment. */
  readonly rest: string;
}

function readValue(lines: readonly string[], index: number, column: number): RawValue | null {
  const first = (lines[index] ?? '').slice(column);
  const quote = first[0];
  if (quote !== '"' && quote !== "'") {
    const text = first.replace(/(?:^|[ \t]+)#.*$/, '').trim();
    return { text, literal: false, quoted: false, moreLines: 0, rest: '' };
  }
  let text = first.slice(1);
  for (let moreLines = 0; ; moreLines += 1) {
    const end = closingQuote(text, quote);
    if (end >= 0) {
      const rest = text
        .slice(end + 1)
        .replace(/(?:^|[ \t]+)#.*$/, '')
        .trim();
      return { text: text.slice(0, end), literal: quote === "'", quoted: true, moreLines, rest };
    }
    const next = lines[index + moreLines + 1];
    if (next === undefined) return null;
    text += `\n${next}`;
  }
}

function closingQuote(text: string, quote: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

/** `\$` becomes `$$`, which interpolation turns into a plain `$`. */
function unescape(text: string): string {
  return text.replace(/\\([nrt"\\$'])/g, (_whole, letter: string) => {
    if (letter === 'n') return '\n';
    if (letter === 'r') return '\r';
    if (letter === '$') return '$$';
    return letter === 't' ? '\t' : letter;
  });
}
