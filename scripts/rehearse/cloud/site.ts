/** What every service of the stand-in works with. Clock and ids come from outside, so that tests can hold them still. */
import type { ResourceStore } from './resource-store.ts';

export interface Site {
  readonly project: string;
  readonly projectNumber: string;
  readonly store: ResourceStore;
  readonly now: () => Date;
  /** Decimal, 18 digits, never the same twice. */
  readonly newId: () => string;
  readonly say: (line: string) => void;
}
