/** No duration is longer than a timer can wait: one that is would end at once, on the coordinator or on every host. */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { LONGEST_DURATION_MS, renderDuration } from '../values/durations.ts';
import { type Finding, finding } from './finding.ts';

/** Named as the API names them: a file with such a duration is refused where it is read. */
export function durationFindings(app: AppSpec): readonly Finding[] {
  return inside(app, []);
}

function inside(value: unknown, path: readonly (string | number)[]): readonly Finding[] {
  if (typeof value !== 'object' || value === null) {
    const isTooLong = typeof value === 'number' && value > LONGEST_DURATION_MS;
    if (!isTooLong || !String(path.at(-1)).endsWith('Ms')) return [];
    return [finding(path, `is ${value} ms; a duration is at most ${renderDuration(LONGEST_DURATION_MS)}`)];
  }
  return Array.isArray(value)
    ? value.flatMap((item: unknown, index) => inside(item, [...path, index]))
    : Object.entries(value).flatMap(([key, item]) => inside(item, [...path, key]));
}
