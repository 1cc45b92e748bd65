/** How far the local time of an IANA zone is from UTC. Pure: the zone data is the runtime's. */

const MINUTE_MS = 60_000;

/** Local time minus UTC, in milliseconds, at a moment. */
export type ZoneOffset = (atMs: number) => number;

/** @throws RangeError for a zone that does not exist */
export function zoneOffset(timeZone: string): ZoneOffset {
  // Node's zone data takes 5 MB of an agent's memory once it is read, and most schedules are in UTC.
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  return (atMs) => {
    const at = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const parts = format.formatToParts(at);
    const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) - at;
  };
}
