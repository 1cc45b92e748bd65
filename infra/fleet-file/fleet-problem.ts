/** One thing that is wrong in a fleet file: where, by key, and what to do. */
import type { Path } from '../../compose/source/report.ts';

export interface FleetProblem {
  readonly path: Path;
  readonly message: string;
}
