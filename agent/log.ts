/**
 * The agent's log: one line an entry on stderr, where journald or Docker keeps it. Fields are `key=value`, quoted where
 * needed. Values of secrets never reach it: its callers log names and versions only.
 */
import { boundedText } from '../fleet/bounded-text.ts';
import { TEXT_LIMITS } from '../fleet/limits.ts';
import { plainJson, plainLine } from '../protocol/text/plain-text.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Priorities by which journald sorts a line that starts with `<n>`. */
const JOURNAL_PRIORITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

export interface LineLogOptions {
  readonly level: LogLevel;
  /** Under journald the line's time is the journal's, and its level a prefix. */
  readonly journal: boolean;
  readonly now: () => number;
  readonly write: (line: string) => void;
}

export function lineLog(options: LineLogOptions): Log {
  const lowest = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < lowest) return;
      const head = options.journal
        ? `<${JOURNAL_PRIORITY[level]}>`
        : `${new Date(options.now()).toISOString()} ${level.padEnd(5)} `;
      options.write(`${head}${oneLine(message)}${renderFields(fields)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function renderFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${renderValue(value)}`)
    .join('');
}

function renderValue(value: string | number | boolean | null): string {
  const text = boundedText(String(value), TEXT_LIMITS.logMessage);
  return /^[^\s"=\p{Cc}\p{Cf}]+$/u.test(text) ? text : plainJson(text);
}

/** A message of another program may hold line breaks; an entry stays one line. */
function oneLine(text: string): string {
  return plainLine(boundedText(text, TEXT_LIMITS.logMessage).replaceAll('\r', '\n'));
}
