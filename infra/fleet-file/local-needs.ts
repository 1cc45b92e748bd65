/**
 * What the local stack does not need of a fleet file: nobody without an account should have to make up a project. What
 * is there is checked all the same, so that a file that was tried here is one for Google too.
 */
import type { FleetProblem } from './fleet-problem.ts';

/** Of no use to the local stack, and right by every rule. */
const NOBODYS: Readonly<Record<string, unknown>> = { project: 'no-project', region: 'europe-west4', pools: {} };

export interface LocalNeeds {
  /** The file's, with what it may leave out. */
  readonly value: unknown;
  /** Whether a rule's problem is of what stands in the file. */
  readonly concerns: (problem: FleetProblem) => boolean;
}

export function localNeeds(value: unknown): LocalNeeds {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, concerns: () => true };
  const has = (key: string): boolean => Object.hasOwn(value, key);
  return {
    value: { ...NOBODYS, ...value },
    // Whether places belong together cannot be said without the region that they hang on.
    concerns: ({ path }) => has('region') || ['name', 'labels', 'local'].includes(String(path[0])),
  };
}
