/** What the command line writes to and reads from: two streams, whether they are terminals, whether colour is wanted. */
import type { Readable, Writable } from 'node:stream';
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
  out(text: string): void;
  err(text: string): void;
}

export function createTerminal(streams: TerminalStreams, environment: Environment): Terminal {
  const isTty = streams.stdout.isTTY === true;
  const noColor = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  return {
    streams,
    color: !noColor && environment.TERM !== 'dumb' && (isTty || (environment.FORCE_COLOR ?? '') !== ''),
    live: isTty && environment.TERM !== 'dumb',
    out: (text) => streams.stdout.write(`${text}\n`),
    err: (text) => streams.stderr.write(`${text}\n`),
  };
}

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36, dim: 2, bold: 1 } as const;
export type Color = keyof typeof CODES;

export function paint(text: string, color: Color, wanted: boolean): string {
  return wanted && text !== '' ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text;
}
