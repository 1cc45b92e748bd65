/** Availability of a host in the words of the verbs that make it so; in data it is `paused`. */
import type { HostAvailability } from '../../fleet/host.ts';

export const AVAILABILITY_WORDS: Readonly<Record<HostAvailability, string>> = {
  active: 'active',
  paused: 'cordoned',
  draining: 'draining',
};
