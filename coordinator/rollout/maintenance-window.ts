/**
 * When a release that the schedule found may be activated. Pure; wall time in the app's own zone (D18). What people
 * deploy is never held back by it, and a rollout that has begun is not stopped half way when the window closes.
 */
import type { MaintenanceWindow } from '../../fleet/app-spec.ts';

const DAY_MINUTES = 1_440;

/** @returns 0 where the window is open, else ms until it may open (look again then: a change of clocks moves it) */
export function msUntilOpen(window: MaintenanceWindow, timeZone: string, now: number): number {
  const { day, minute, passedMs } = localTime(timeZone, now);
  if (isOpen(window, day, minute)) return 0;
  for (let ahead = 0; ahead <= 7; ahead += 1) {
    const opens = ahead * DAY_MINUTES + window.fromMinute - minute;
    if (opens > 0 && isDay(window, (day + ahead) % 7)) return opens * 60_000 - passedMs;
  }
  return DAY_MINUTES * 60_000;
}

/** A window over midnight belongs to the day on which it opens. */
function isOpen(window: MaintenanceWindow, day: number, minute: number): boolean {
  const { fromMinute, toMinute } = window;
  if (fromMinute === toMinute) return isDay(window, day);
  if (fromMinute < toMinute) return isDay(window, day) && minute >= fromMinute && minute < toMinute;
  return (isDay(window, day) && minute >= fromMinute) || (isDay(window, (day + 6) % 7) && minute < toMinute);
}

function isDay(window: MaintenanceWindow, day: number): boolean {
  return window.days.length === 0 || window.days.includes(day);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function localTime(
  timeZone: string,
  now: number,
): { readonly day: number; readonly minute: number; readonly passedMs: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.weekday ?? 'Sun'),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
    passedMs: now % 60_000,
  };
}
