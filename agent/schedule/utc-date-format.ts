/**
 * `Intl.DateTimeFormat` as `node-cron` uses it, without Node's time zone data for UTC: reading that data keeps 5 MB
 * resident for as long as the agent runs, and UTC, which most schedules name or mean, needs none of it. Any other zone
 * gets the real one. The bundle puts it in its place (`scripts/build/utc-without-zone-data.ts`). Pure.
 */
export interface PartsFormat {
  formatToParts(date: Date): readonly { readonly type: string; readonly value: string }[];
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const two = (value: number): string => String(value).padStart(2, '0');

export function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): PartsFormat {
  if (options.timeZone !== 'UTC') return new Intl.DateTimeFormat(locale, options);
  if (options.timeZoneName !== undefined) return { formatToParts: () => [{ type: 'timeZoneName', value: 'GMT' }] };
  return {
    formatToParts: (date) => [
      { type: 'weekday', value: WEEKDAYS[date.getUTCDay()] ?? '' },
      { type: 'month', value: two(date.getUTCMonth() + 1) },
      { type: 'day', value: two(date.getUTCDate()) },
      { type: 'year', value: String(date.getUTCFullYear()) },
      { type: 'hour', value: two(date.getUTCHours()) },
      { type: 'minute', value: two(date.getUTCMinutes()) },
      { type: 'second', value: two(date.getUTCSeconds()) },
    ],
  };
}
