/**
 * A fleet file's value with everything taken out that has the wrong form, so that the rules over several keys can be
 * tried on the rest: a person who mistyped one key still hears of the zone that lies outside of its region.
 */
import type { FleetProblem } from './fleet-problem.ts';

/** Stand in for keys that must be there; no rule says anything about them. */
const FILLED: Readonly<Record<string, unknown>> = { name: 'a', project: 'aaaaaa', pools: {} };

export function withoutProblems(value: unknown, problems: readonly FleetProblem[]): unknown {
  return problems.reduce((rest, { path }) => without(rest, path, []), value);
}

function without(value: unknown, path: FleetProblem['path'], above: readonly string[]): unknown {
  const [key, ...rest] = path;
  // What is wrong inside of a list spoils the list: the places of the others would move.
  if (
    key === undefined ||
    typeof key === 'number' ||
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value)
  )
    return undefined;
  // Missing and without a stand-in: then what it is missing from goes.
  if (rest.length === 0 && !Object.hasOwn(value, key) && filled(key, above) === undefined) return undefined;
  const entries = Object.entries(value).filter(([name]) => name !== key);
  const inside =
    rest.length === 0 ? filled(key, above) : without((value as Record<string, unknown>)[key], rest, [...above, key]);
  return Object.fromEntries(inside === undefined ? entries : [...entries, [key, inside]]);
}

function filled(key: string, above: readonly string[]): unknown {
  if (above.length === 0) return FILLED[key];
  return above.length === 2 && above[0] === 'pools' && key === 'count' ? 1 : undefined;
}
