/** `30s`, `5m`, `1h`, `2d`, `500ms`, or a plain number of seconds -> milliseconds. */
import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function parseDurationOption(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const unit = match === null ? undefined : UNITS[match[2] ?? 's'];
  if (match === null || unit === undefined) throw new InvalidArgumentError('Write a duration such as 30s, 5m or 1h.');
  return Math.round(Number(match[1]) * unit);
}

export function parseCountOption(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

/** Zero stands for no past, which is a question only where the future is asked for. */
export function parsePastOption(text: string): number {
  const count = parseCountOption(text);
  if (count > 500) throw new InvalidArgumentError('Write a number from 1 to 500, or 0 with --follow.');
  return count;
}

/** For what is shown: none of it would be no question. */
export function parseLimitOption(text: string): number {
  const limit = parseCountOption(text);
  if (limit < 1 || limit > 500) throw new InvalidArgumentError('Write a number from 1 to 500.');
  return limit;
}
