/** What the readers of a service may ask for besides the file itself. */
import type { EnvFiles } from '../source/env-files.ts';
import type { Lookup } from '../source/interpolate.ts';

export interface Surroundings {
  /** The variables of interpolation: the caller's environment over `.env`. */
  readonly lookup: Lookup;
  readonly envFiles: EnvFiles;
  /** Null = no such file. */
  readonly readText: (path: string) => string | null;
}
