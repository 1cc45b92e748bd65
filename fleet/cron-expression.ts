/**
 * Cron expressions of five fields, and the names for common ones. A day matches as in Vixie cron: where day of month and
 * weekday are both restricted, either one is enough. Pure.
 */

export interface CronTimes {
  /** The five fields with one space between them. */
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  /** From 1. */
  readonly months: ReadonlySet<number>;
  /** 0 = Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** False where one of the two begins with `*`: then both must match. */
  readonly eitherDay: boolean;
}

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const NAMED: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

interface Field {
  readonly min: number;
  readonly max: number;
  /** What each name stands for. */
  readonly names: ReadonlyMap<string, number>;
}

const field = (min: number, max: number, names: readonly string[] = []): Field => ({
  min,
  max,
  names: new Map(names.map((name, index) => [name, min + index])),
});
const MINUTE = field(0, 59);
const HOUR = field(0, 23);
const DAY = field(1, 31);
const MONTH = field(1, 12, MONTHS);
/** Sunday is 0 and 7. */
const WEEKDAY = field(0, 7, WEEKDAYS);

/** Null where the text is no cron expression. */
export function parseCron(text: string): CronTimes | null {
  const parts = (NAMED[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  const minutes = readField(minute, MINUTE);
  const hours = readField(hour, HOUR);
  const days = readField(day, DAY);
  const months = readField(month, MONTH);
  const weekdays = readField(weekday, WEEKDAY);
  if (minutes === null || hours === null || days === null || months === null || weekdays === null) return null;
  if (parts.length !== 5) return null;
  return {
    text: parts.join(' '),
    minutes,
    hours,
    days,
    months,
    weekdays: new Set([...weekdays].map((each) => each % 7)),
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

/** Whether any date matches: `0 0 30 2 *` has none. */
export function canMatch({ days, months, eitherDay }: CronTimes): boolean {
  return eitherDay || [...months].some((month) => Math.min(...days) <= (LONGEST_MONTHS[month - 1] ?? 0));
}

/** @param date with the local date in its UTC fields */
export function matchesDay(times: CronTimes, date: Date): boolean {
  if (!times.months.has(date.getUTCMonth() + 1)) return false;
  const day = times.days.has(date.getUTCDate());
  const weekday = times.weekdays.has(date.getUTCDay());
  return times.eitherDay ? day || weekday : day && weekday;
}

function readField(text: string, field: Field): ReadonlySet<number> | null {
  const values = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const range = readRange(part, field);
    if (range === null) return null;
    for (let value = range.low; value <= range.high; value += range.step) values.add(value);
  }
  return values;
}

function readRange(text: string, field: Field): { low: number; high: number; step: number } | null {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return null;
  const every = Number(step ?? 1);
  if (range === '*') return { low: field.min, high: field.max, step: every };
  const [from = '', to, ...rest] = range.split('-');
  const low = numberOf(from, field);
  // `5/15` begins at 5.
  const high = to === undefined ? (step === undefined ? low : field.max) : numberOf(to, field);
  return rest.length > 0 || low === null || high === null || low > high ? null : { low, high, step: every };
}

function numberOf(text: string, field: Field): number | null {
  const named = field.names.get(text);
  if (named !== undefined) return named;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : null;
}
