/** Cron expressions of five fields, and the names for common ones. */

const NAMED: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 7, names: WEEKDAYS },
];

/** Five fields with one space between them, or null where the text is no cron expression. */
export function parseCron(text: string): string | null {
  const named = NAMED[text.toLowerCase()];
  if (named !== undefined) return named;
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return null;
  return FIELDS.every((field, index) => isField(parts[index] ?? '', field)) ? parts.join(' ') : null;
}

function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => isPart(part.toLowerCase(), field));
}

function isPart(text: string, field: Field): boolean {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return false;
  if (range === '*') return true;
  const [from = '', to, ...rest] = range.split('-');
  const low = numberOf(from, field);
  const high = to === undefined ? low : numberOf(to, field);
  return rest.length === 0 && low !== null && high !== null && low <= high;
}

function numberOf(text: string, field: Field): number | null {
  const named = field.names.indexOf(text);
  if (named >= 0) return named + (field.names === MONTHS ? 1 : 0);
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : null;
}
