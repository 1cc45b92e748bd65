/** What the schema library found, in plain words: one problem per wrong key, the nearest known key for an unknown one. */
import { z } from 'zod';
import { suggestion } from '../../compose/values/suggest.ts';
import { fleetSchema } from './fleet-schema.ts';
import type { FleetProblem } from './fleet-problem.ts';

type Issue = z.core.$ZodIssue;
type Keys = readonly (string | number)[];

const AUTOSCALING = new Set([
  'min',
  'max',
  'min_count',
  'max_count',
  'min_size',
  'max_size',
  'autoscaling',
  'autoscale',
]);

/** @param value what was checked; tells a key that is missing from one that is empty */
export function formProblems(issues: readonly Issue[], value: unknown): readonly FleetProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], value));
}

function problemsOf(issue: Issue, above: Keys, value: unknown): readonly FleetProblem[] {
  const path: Keys = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key) }));
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => ({
      path,
      message: `the name "${String(path[path.length - 1])}" ${inner.message}`,
    }));
  const found = valueAt(value, path);
  if (found === undefined) return [{ path, message: 'is missing' }];
  if (found === null) return [{ path, message: 'is empty: give it a value, or take the line out' }];
  if (issue.code === 'invalid_union') {
    const inside = insideUnion(issue.errors);
    if (typeof found === 'object' && inside !== null) return inside.flatMap((inner) => problemsOf(inner, path, value));
  }
  if (issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record'))
    return [{ path, message: 'must hold keys of its own, indented below it' }];
  if (issue.code === 'invalid_type' && issue.expected === 'array')
    return [{ path, message: 'must be a list: [a, b], or one "- a" a line' }];
  return [{ path, message: issue.message }];
}

/** The problems of the branch that the value was meant for: the one that got past its own type. */
function insideUnion(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  return (
    branches.find((issues) => issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys')) ??
    null
  );
}

function unknownKey(path: Keys, key: string): string {
  if (path[0] === 'pools' && path.length === 2 && AUTOSCALING.has(key))
    return 'is not done yet: a pool has a fixed `count`. A range of sizes means an autoscaler, which would delete machines that still serve; write `count: N`';
  return `is not a key of ${path.length === 0 ? 'the fleet file' : String(path[path.length - 1])}${suggestion(key, knownKeys(path))}`;
}

/** Keys that may stand at this path, from the schema itself. */
function knownKeys(path: Keys): readonly string[] {
  let here: unknown = z.toJSONSchema(fleetSchema, { io: 'input' });
  for (const part of path) {
    const found = propertiesOf(here);
    const more = asRecord(here)?.['additionalProperties'];
    here = found?.[String(part)] ?? more;
  }
  return Object.keys(propertiesOf(here) ?? {});
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  const own = asRecord(asRecord(schema)?.['properties']);
  if (own !== undefined) return own;
  const branches = asRecord(schema)?.['anyOf'];
  return Array.isArray(branches) ? branches.map(propertiesOf).find((found) => found !== undefined) : undefined;
}

function valueAt(value: unknown, path: Keys): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.hasOwn(here, part) ? (here as Record<string, unknown>)[String(part)] : undefined;
  }
  return here;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
