/**
 * When a cron expression ticks next in a time zone. Pure. Where clocks change:
 *
 *   - A schedule of certain hours (`0 2 * * *`) ticks once for each time that it names: at the first of two equal local
 *     times, and right after a gap for those that the gap leaves out.
 *   - A schedule of every hour (`@hourly`, `30 * * * *`) goes on by elapsed time: it ticks in both of two equal hours,
 *     and after a gap only where that is not of whole hours, so that it is not late.
 */
import { type CronTimes, matchesDay } from './cron-expression.ts';
import type { ZoneOffset } from './zone-offset.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A 29 February on one weekday comes again after 40 years at most (around 2100). */
const SEARCH_DAYS = 41 * 366;

/** The first tick after `afterMs`, on a full minute; null = it never ticks. */
export function nextTick(times: CronTimes, offset: ZoneOffset, afterMs: number): number | null {
  const localDay = Math.floor((afterMs + offset(afterMs)) / DAY_MS);
  for (let day = localDay - 1; day < localDay + SEARCH_DAYS; day += 1) {
    const found = firstOfDay(times, offset, day * DAY_MS, afterMs);
    if (found === null) continue;
    // Clocks that go back over midnight make the next day begin before this one ends.
    const ofNextDay = firstOfDay(times, offset, (day + 1) * DAY_MS, afterMs);
    return Math.min(found, ofNextDay ?? found);
  }
  return null;
}

/** @param midnight local, as if it were UTC */
function firstOfDay(times: CronTimes, offset: ZoneOffset, midnight: number, afterMs: number): number | null {
  if (!matchesDay(times, new Date(midnight))) return null;
  const change: Change = {
    before: offset(midnight - DAY_MS),
    after: offset(midnight + 2 * DAY_MS),
    offset,
    elapsed: times.hours.size === 24,
  };
  const latestOffset = Math.min(change.before, change.after);
  let first: number | null = null;
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    const local = midnight + minute * MINUTE_MS;
    if (local - latestOffset <= afterMs) continue;
    if (!times.hours.has(Math.floor(minute / 60)) || !times.minutes.has(minute % 60)) continue;
    if (first !== null && local - Math.max(change.before, change.after) >= first) break;
    for (const at of momentsOf(local, change)) if (at > afterMs && (first === null || at < first)) first = at;
  }
  return first;
}

interface Change {
  /** Of the day before and of the day after; equal on most days. */
  readonly before: number;
  readonly after: number;
  readonly offset: ZoneOffset;
  /** The schedule goes by elapsed time. */
  readonly elapsed: boolean;
}

/** The moments at which a local time is due. */
function momentsOf(local: number, change: Change): readonly number[] {
  const { before, after, offset, elapsed } = change;
  if (before === after) return [local - before];
  const real = [local - before, local - after].filter((at) => at + offset(at) === local).sort((a, b) => a - b);
  if (real.length > 0) return elapsed ? real : real.slice(0, 1);
  return elapsed && (after - before) % HOUR_MS === 0 ? [] : [endOfGap(local, change)];
}

/** The first minute that has the offset of after the gap. */
function endOfGap(local: number, { before, after, offset }: Change): number {
  let low = local - after;
  let high = local - before;
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offset(middle) === after) high = middle;
    else low = middle;
  }
  return high;
}
