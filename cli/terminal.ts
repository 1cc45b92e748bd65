/** What the command line writes to and reads from: two streams, whether they are terminals, whether colour is wanted. */
import type { Readable, Writable } from 'node:stream';
import { plainText } from '../protocol/text/plain-text.ts';
import type { Environment } from './profile.ts';

export interface TerminalStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export interface Terminal {
  readonly streams: TerminalStreams;
  /** Colour on standard output. */
  readonly color: boolean;
  /** A person looks: bars that are drawn again and again instead of lines. */
  readonly live: boolean;
  /** A line or several. Nothing that a host, an app or a person elsewhere wrote drives the terminal; colours of `paint` do. */
  out(text: string): void;
  err(text: string): void;
  /** As it is, for who asked for that. */
  raw(text: string): void;
}

export function createTerminal(streams: TerminalStreams, environment: Environment): Terminal {
  const isTty = streams.stdout.isTTY === true;
  const noColor = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  const color = !noColor && environment.TERM !== 'dumb' && (isTty || (environment.FORCE_COLOR ?? '') !== '');
  return {
    streams,
    color,
    live: isTty && environment.TERM !== 'dumb',
    out: (text) => streams.stdout.write(`${shownText(text, color)}\n`),
    err: (text) => streams.stderr.write(`${plainText(text)}\n`),
    raw: (text) => streams.stdout.write(`${text}\n`),
  };
}

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36, dim: 2, bold: 1 } as const;
const END = '\u001b[0m';
export type Color = keyof typeof CODES;

export function paint(text: string, color: Color, wanted: boolean): string {
  return wanted && text !== '' ? `\u001b[${CODES[color]}m${text}${END}` : text;
}

// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const PAINT = /(\u001b\[(?:0|1|2|31|32|33|34|36)m)/;

/** What `paint` wrote stays, and ends with the text; everything else is plain. */
export function shownText(text: string, color: boolean): string {
  if (!color) return plainText(text);
  const parts = text.split(PAINT).map((part, index) => (index % 2 === 1 ? part : plainText(part)));
  const last = parts.findLast((_part, index) => index % 2 === 1);
  return last === undefined || last === END ? parts.join('') : `${parts.join('')}${END}`;
}
