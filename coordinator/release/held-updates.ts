/** What the event log says where automatic updates of an app are held, or are no longer. Pure. */
import type { AppName } from '../../fleet/ids.ts';
import type { NewQuarantine } from '../store/records.ts';

/** @param held of one app, for one reason */
export function heldText(app: AppName, held: readonly Pick<NewQuarantine, 'service' | 'reason'>[]): string {
  const services = [...new Set(held.map(({ service }) => service))].sort().join(', ');
  const reason = held[0]?.reason ?? '';
  return `Automatic updates of ${app} are held for ${services}: ${reason}. A newer image, a deployment by a person or \`longshore unquarantine ${app}\` ends the hold`;
}

export function heldNoMoreText(app: AppName, services: readonly string[], why: string): string {
  return `Automatic updates of ${app} are no longer held for ${[...new Set(services)].sort().join(', ')}: ${why}`;
}
