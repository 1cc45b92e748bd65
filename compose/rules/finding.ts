/** One broken rule of a resolved app: where, in the words of the file, and why. */
import type { Path } from '../source/report.ts';

export interface Finding {
  readonly path: Path;
  readonly message: string;
}

export function finding(path: Path, message: string): Finding {
  return { path, message };
}
