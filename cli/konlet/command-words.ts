/**
 * Splits a shell script into commands and words as bash would, with the place of each word: quotes, backslashes, lines
 * that go on, comments, operators. What a variable or a substitution stands for cannot be known; such a place is said.
 */
import type { Report } from '../../compose/source/report.ts';
import type { Position } from '../../compose/source/tree.ts';

export interface Word {
  readonly text: string;
  readonly at: Position;
  /** First place where the shell would put something in that is not in the text. */
  readonly unknown: { readonly at: Position; readonly text: string } | null;
}

export type ShellCommand = readonly Word[];

/** @param start position of the first character */
export function splitCommands(source: string, start: Position, report: Report): readonly ShellCommand[] {
  return new ShellScanner(source.replaceAll('\r\n', '\n'), start, report).commands();
}

const OPERATORS = new Set(['\n', ';', '&', '|']);

class ShellScanner {
  readonly #text: string;
  readonly #report: Report;
  readonly #commands: Word[][] = [];
  #words: Word[] = [];
  #open: { text: string; at: Position; unknown: Word['unknown'] } | null = null;
  #index = 0;
  #here: Position;

  constructor(text: string, start: Position, report: Report) {
    this.#text = text;
    this.#here = start;
    this.#report = report;
  }

  commands(): readonly ShellCommand[] {
    while (this.#index < this.#text.length) this.#readOne(this.#char());
    this.#endCommand();
    return this.#commands;
  }

  #readOne(char: string): void {
    if (char === '\\') this.#escaped();
    else if (char === "'" || char === '"') this.#quoted(char);
    else if (OPERATORS.has(char)) {
      this.#endCommand();
      this.#step();
    } else if (/\s/.test(char)) {
      this.#endWord();
      this.#step();
    } else if (char === '#' && this.#open === null) {
      while (this.#index < this.#text.length && this.#char() !== '\n') this.#step();
    } else {
      this.#noteExpansion();
      this.#take();
    }
  }

  #escaped(): void {
    const goesOn = this.#char(1) === '\n';
    if (!goesOn) this.#word();
    this.#step();
    if (goesOn) this.#step();
    else this.#take();
  }

  #quoted(quote: string): void {
    const from = this.#here;
    this.#word();
    this.#step();
    while (this.#index < this.#text.length && this.#char() !== quote) {
      const isEscape = quote === '"' && this.#char() === '\\' && /["\\$`\n]/.test(this.#char(1));
      if (isEscape) {
        this.#step();
        if (this.#char() === '\n') this.#step();
        else this.#take();
        continue;
      }
      if (quote === '"') this.#noteExpansion();
      this.#take();
    }
    if (this.#index >= this.#text.length) this.#report.error(from, [], `the quote ${quote} is never closed`);
    this.#step();
  }

  /** A `$` or a backtick that the shell would not leave as it is. */
  #noteExpansion(): void {
    const found = /^(?:\$\{[^}]*\}|\$\w+|\$\(|`)/.exec(this.#text.slice(this.#index, this.#index + 80))?.[0];
    if (found !== undefined) this.#word().unknown ??= { at: this.#here, text: found };
  }

  #take(): void {
    this.#word().text += this.#char();
    this.#step();
  }

  #word(): { text: string; at: Position; unknown: Word['unknown'] } {
    return (this.#open ??= { text: '', at: this.#here, unknown: null });
  }

  #endWord(): void {
    if (this.#open !== null) this.#words.push(this.#open);
    this.#open = null;
  }

  #endCommand(): void {
    this.#endWord();
    if (this.#words.length > 0) this.#commands.push(this.#words);
    this.#words = [];
  }

  #char(ahead = 0): string {
    return this.#text[this.#index + ahead] ?? '';
  }

  #step(): void {
    const { line, column } = this.#here;
    this.#here =
      this.#char() === '\n' ? { ...this.#here, line: line + 1, column: 1 } : { ...this.#here, column: column + 1 };
    this.#index += 1;
  }
}
