/**
 * Whether a moment lies in a maintenance window, and when the next one opens. Pure; local time of an IANA zone, so a
 * window of 02:00 to 04:00 stays there over a change to summer time (an hour that does not exist is not waited for, one
 * that exists twice is inside twice).
 */
import type { MaintenanceWindow } from './rollout-policy.ts';

export interface WindowAnswer {
  readonly open: boolean;
  /** Wall clock, when it opens next; the given moment itself where it is open; null = never (it cannot be reached). */
  readonly opensAt: number | null;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** Eight days: a window of one weekday is found, also when the first day is cut short by the clocks. */
const SEARCH_MINUTES = 8 * DAY_MINUTES;

/** @param window null = always open @throws RangeError for a zone that does not exist */
export function windowAt(window: MaintenanceWindow | null, timeZone: string, atMs: number): WindowAnswer {
  if (window === null) return { open: true, opensAt: atMs };
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (isInside(window, localMinute(format, atMs))) return { open: true, opensAt: atMs };
  const start = Math.ceil(atMs / MINUTE_MS) * MINUTE_MS;
  let ahead = 0;
  while (ahead <= SEARCH_MINUTES) {
    const local = localMinute(format, start + ahead * MINUTE_MS);
    if (isInside(window, local)) return { open: false, opensAt: start + ahead * MINUTE_MS };
    // To the next quarter of an hour that could matter: clocks change by quarters, windows begin at any minute.
    ahead += Math.max(1, Math.min(15, minutesToStart(window, local.minute)));
  }
  return { open: false, opensAt: null };
}

interface LocalMinute {
  /** 0 = Sunday. */
  readonly day: number;
  /** After local midnight. */
  readonly minute: number;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function localMinute(format: Intl.DateTimeFormat, atMs: number): LocalMinute {
  const parts = format.formatToParts(atMs);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return { day: DAYS.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) };
}

/** A window over midnight belongs to the day on which it begins. Its last minute is the one before `toMinute`. */
function isInside(window: MaintenanceWindow, { day, minute }: LocalMinute): boolean {
  const { fromMinute, toMinute } = window;
  const allows = (which: number): boolean => window.days.length === 0 || window.days.includes((which + 7) % 7);
  if (fromMinute === toMinute) return allows(day);
  if (fromMinute < toMinute) return allows(day) && minute >= fromMinute && minute < toMinute;
  return minute >= fromMinute ? allows(day) : minute < toMinute && allows(day - 1);
}

function minutesToStart(window: MaintenanceWindow, minute: number): number {
  return (window.fromMinute - minute + DAY_MINUTES) % DAY_MINUTES;
}
