// Ticks around changes of clocks, against a search of every minute. LONGSHORE_SEED replays one.
import t from 'tap';
import { parseCron, type CronTimes } from '../../fleet/cron-expression.ts';
import { nextTick } from '../../fleet/next-tick.ts';
import { zoneOffset, type ZoneOffset } from '../../fleet/zone-offset.ts';
import { between, pick, type Random, seededRandom, seeds } from '../support/random.ts';

const MINUTE_MS = 60_000;
const DAYS = 4;

interface Span {
  readonly name: string;
  readonly offset: ZoneOffset;
  readonly startMs: number;
  /** Local time as if it were UTC, by minute of the span. */
  readonly local: readonly number[];
}

/** Each holds one change of clocks, or none. */
const spans: readonly [Span, ...Span[]] = [
  span('UTC', '2026-02-27'),
  span('Europe/Berlin', '2026-03-28'),
  span('Europe/Berlin', '2026-10-24'),
  span('America/Santiago', '2026-04-03'),
  span('America/Santiago', '2026-09-05'),
  span('Africa/Cairo', '2026-04-22'),
  span('Africa/Cairo', '2026-10-28'),
  span('Australia/Lord_Howe', '2026-04-03'),
  span('Australia/Lord_Howe', '2026-10-02'),
  span('America/St_Johns', '2006-10-28'),
];

function span(zone: string, from: string): Span {
  const offset = remembered(zoneOffset(zone));
  const startMs = Date.parse(from);
  const local = Array.from({ length: DAYS * 1_440 }, (_, minute) => {
    const at = startMs + minute * MINUTE_MS;
    return at + offset(at);
  });
  return { name: `${zone} ${from}`, offset, startMs, local };
}

/** Asking the zone data takes microseconds, and every minute is asked for often. */
function remembered(offset: ZoneOffset): ZoneOffset {
  const known = new Map<number, number>();
  return (at) => {
    const minute = Math.floor(at / MINUTE_MS);
    const value = known.get(minute) ?? offset(at);
    known.set(minute, value);
    return value;
  };
}

function randomCron(random: Random): string {
  const some = (low: number, high: number): string =>
    pick(random, [
      '*',
      `*/${between(random, 2, 20)}`,
      `${between(random, low, high)}`,
      `${low}-${between(random, low, high)}`,
    ]);
  const hour = pick(random, ['*', '0', '1', '2', '3', '23', '1-3', '*/2', `${between(random, 0, 23)}`]);
  const seldom = (text: string): string => (random() < 0.7 ? '*' : text);
  return [some(0, 59), hour, seldom(some(1, 31)), seldom(some(1, 12)), seldom(some(0, 6))].join(' ');
}

function matches(times: CronTimes, local: number): boolean {
  const date = new Date(local);
  const day = times.days.has(date.getUTCDate());
  const weekday = times.weekdays.has(date.getUTCDay());
  return (
    times.minutes.has(date.getUTCMinutes()) &&
    times.hours.has(date.getUTCHours()) &&
    times.months.has(date.getUTCMonth() + 1) &&
    (times.eitherDay ? day || weekday : day && weekday)
  );
}

/** Every minute of the span in which a tick is due. */
function searched(times: CronTimes, { startMs, local }: Span): readonly number[] {
  const everyHour = times.hours.size === 24;
  const seen = new Set<number>();
  return local.flatMap((now, minute) => {
    const before = local[minute - 1] ?? now - MINUTE_MS;
    let due = matches(times, now) && (everyHour || !seen.has(now));
    if (!everyHour || (now - before - MINUTE_MS) % (60 * MINUTE_MS) !== 0)
      for (let lost = before + MINUTE_MS; lost < now; lost += MINUTE_MS)
        due ||= matches(times, lost) && !seen.has(lost);
    seen.add(now);
    return due ? [startMs + minute * MINUTE_MS] : [];
  });
}

t.test('nextTick: ticks as a search of every minute finds them, each after the one before', (t) => {
  for (const seed of seeds(60)) {
    const random = seededRandom(seed);
    const cron = randomCron(random);
    const times = parseCron(cron);
    if (times === null) throw new Error(cron);
    const where = pick(random, spans);
    const found: number[] = [];
    const end = where.startMs + where.local.length * MINUTE_MS;
    let at = where.startMs - 1;
    for (;;) {
      const next = nextTick(times, where.offset, at);
      if (next === null || next >= end || found.length > DAYS * 1_440) break;
      if (next <= at) t.fail(`seed ${seed}: ${cron} does not go forward`);
      found.push(next);
      at = next;
    }
    const wanted = searched(times, where);
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      t.same(
        found.map((each) => new Date(each).toISOString()),
        wanted.map((each) => new Date(each).toISOString()),
        `seed ${seed}: ${cron} in ${where.name}`,
      );
  }
  t.end();
});
