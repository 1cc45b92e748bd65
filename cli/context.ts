/** What every verb gets: the terminal, the clients (opened when first asked for), the flags that all verbs share. */
import { plainJson } from '../protocol/text/plain-text.ts';
import type { ApiClient } from './client/api-client.ts';
import type { ConsoleClient } from './client/console-client.ts';
import type { Environment } from './profile.ts';
import type { Terminal } from './terminal.ts';

export interface Context {
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly version: string;
  /** Where relative paths begin. */
  readonly folder: string;
  readonly now: () => number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** For following a deployment; null = as long as it takes. */
  readonly timeoutMs: number | null;
  api(): Promise<ApiClient>;
  /** A new socket at each call; the caller closes it. */
  openConsole(): Promise<ConsoleClient>;
}

/** Prints data for machines (`--json`) or as text. */
export function print(context: Context, data: unknown, text: () => string): void {
  context.terminal.out(context.json ? plainJson(data, 2) : text());
}

/** The text of a list of the newest, with a line where it goes on further back. */
export function withMore(text: string, count: number, next: string | null): string {
  return next === null ? text : `${text}\nThe newest ${count}; more with --limit, up to 500.`;
}
