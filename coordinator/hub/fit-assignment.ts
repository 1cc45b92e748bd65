/**
 * Makes an assignment fit one frame: entries that are too large are left out, so that the others still come to the host.
 * An app that no entry names keeps running as it is. Pure.
 */
import type { Assignment, AssignmentEntry, RunEntry } from '../../fleet/assignment.ts';
import { jsonBytes } from '../../protocol/fit-report.ts';

export interface FittedAssignment {
  readonly assignment: Assignment;
  readonly leftOut: readonly { readonly entry: RunEntry; readonly bytes: number }[];
}

/** @param isTaken whether the agent has this entry already: what is new gives way first */
export function fitAssignment(
  assignment: Assignment,
  mostBytes: number,
  isTaken: (entry: AssignmentEntry) => boolean,
): FittedAssignment {
  let excess = jsonBytes(assignment) - mostBytes;
  if (excess <= 0) return { assignment, leftOut: [] };
  const candidates = assignment.entries
    .flatMap((entry) => (entry.kind === 'run' ? [{ entry, bytes: jsonBytes(entry), isTaken: isTaken(entry) }] : []))
    .sort((a, b) => Number(a.isTaken) - Number(b.isTaken) || b.bytes - a.bytes);
  const leftOut: { readonly entry: RunEntry; readonly bytes: number }[] = [];
  for (const { entry, bytes } of candidates) {
    if (excess <= 0) break;
    leftOut.push({ entry, bytes });
    excess -= bytes;
  }
  const gone = new Set<AssignmentEntry>(leftOut.map(({ entry }) => entry));
  return { assignment: { ...assignment, entries: assignment.entries.filter((entry) => !gone.has(entry)) }, leftOut };
}
