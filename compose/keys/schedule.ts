/** `x-longshore.schedule`: when the registry is asked for a newer image, and when it may become active. */
import type { MaintenanceWindow, SchedulePolicy } from '../../fleet/rollout-policy.ts';
import { canMatch, parseCron, WEEKDAYS } from '../../fleet/cron-expression.ts';
import { DEFAULT_SCHEDULE } from '../defaults.ts';
import { isTimeZone } from '../values/time-zone.ts';
import { fields, type KeyTable } from './key-table.ts';
import { type Cursor, fail, failKey, itemsOrOne, readDuration, readFilledText, readIf, readOr } from './read.ts';

export const SCHEDULE_KEYS = { cron: 'read', timezone: 'read', splay: 'read', window: 'read' } satisfies KeyTable;

export const WINDOW_KEYS = { days: 'read', from: 'read', to: 'read' } satisfies KeyTable;

/** Null = `schedule: off`. A text is a cron expression with the other defaults. */
export function readSchedule(cursor: Cursor | undefined): SchedulePolicy | null {
  if (cursor === undefined) return DEFAULT_SCHEDULE;
  if (cursor.tree.kind === 'scalar') {
    if (cursor.tree.text === 'off' || cursor.tree.value === false) return null;
    return { ...DEFAULT_SCHEDULE, cron: readOr(cursor, readCron, DEFAULT_SCHEDULE.cron) };
  }
  const given = fields(cursor, SCHEDULE_KEYS);
  return {
    cron: readOr(given.cron, readCron, DEFAULT_SCHEDULE.cron),
    timeZone: readOr(given.timezone, readTimeZone, DEFAULT_SCHEDULE.timeZone),
    splayMs: readOr(given.splay, readDuration, DEFAULT_SCHEDULE.splayMs),
    window: readIf(given.window, readWindow),
  };
}

function readCron(cursor: Cursor): string | null {
  const text = readFilledText(cursor);
  if (text === null) return null;
  const times = parseCron(text);
  if (times === null)
    return fail(cursor, `takes five cron fields such as "15 3 * * *", @hourly or off; this is "${text}"`);
  return canMatch(times) ? times.text : fail(cursor, `"${text}" never matches: no month in it has that day`);
}

function readTimeZone(cursor: Cursor): string | null {
  const text = readFilledText(cursor);
  if (text === null || isTimeZone(text)) return text;
  return fail(cursor, `takes an IANA time zone such as Europe/Berlin; this is "${text}"`);
}

function readWindow(cursor: Cursor): MaintenanceWindow | null {
  const given = fields(cursor, WINDOW_KEYS);
  if (given.from === undefined || given.to === undefined) return failKey(cursor, 'takes both "from" and "to"');
  const fromMinute = readMinute(given.from);
  const toMinute = readMinute(given.to);
  const days = given.days === undefined ? [] : itemsOrOne(given.days).flatMap((item) => readDays(item));
  if (fromMinute === null || toMinute === null) return null;
  if (fromMinute === toMinute) return failKey(cursor, '"from" and "to" are the same time');
  return { days: [...new Set(days)].sort((a, b) => a - b), fromMinute, toMinute };
}

function readMinute(cursor: Cursor): number | null {
  const match = cursor.tree.kind === 'scalar' ? /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(cursor.tree.text) : null;
  if (match === null) return fail(cursor, 'takes a time of the day such as 02:00');
  return Number(match[1]) * 60 + Number(match[2]);
}

/** `mon`, or a range such as `mon-fri` (also over the end of the week: `sat-mon`). */
function readDays(item: Cursor): readonly number[] {
  const text = item.tree.kind === 'scalar' ? item.tree.text.toLowerCase() : '';
  const [from = '', to = from, ...more] = text.split('-').map((part) => part.trim().slice(0, 3));
  const first = WEEKDAYS.findIndex((day) => day === from);
  const last = WEEKDAYS.findIndex((day) => day === to);
  if (first < 0 || last < 0 || more.length > 0) {
    fail(item, `takes ${WEEKDAYS.join(', ')} or a range such as mon-fri; this is "${text}"`);
    return [];
  }
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
}
