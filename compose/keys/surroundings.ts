/** What the readers of a service may ask for besides the file itself. */
import type { Lookup } from '../source/interpolate.ts';

export interface Surroundings {
  /** The variables of interpolation: the caller's environment over `.env`. */
  readonly lookup: Lookup;
  /** Null = no such file. */
  readonly readText: (path: string) => string | null;
}
