/** Who or what brought something about, in a few words. */
import type { Cause } from '../../fleet/release.ts';

export function renderCause(cause: Cause): string {
  switch (cause.kind) {
    case 'person':
      return cause.note === null ? cause.token : `${cause.token}: ${cause.note}`;
    case 'schedule':
      return `schedule: ${cause.detail}`;
    case 'host':
      return `host ${cause.host}: ${cause.detail}`;
    case 'coordinator':
      return `coordinator: ${cause.detail}`;
  }
}
