/**
 * What an agent says of its labels after its enrolment. Pure. Labels decide which apps a host is sent, with their secrets,
 * so those count that came with the enrolment, which a token allowed; a host that was taken over cannot attract another
 * app by saying more. What its configuration wants now is told to people, who take it over with one command.
 */
import type { HostRow } from '../store/records.ts';

type Labels = Readonly<Record<string, string>>;
type LabelledHost = Pick<HostRow, 'name' | 'labels' | 'ownLabels' | 'poolLabels' | 'instance'>;

/** Null where it wants nothing: all is so, or pool or operator have decided. Labels of an instance are its pool's. */
export function wantedLabels(host: LabelledHost, said: Labels): string | null {
  if (host.instance !== null) return null;
  const isDecided = (key: string): boolean => key in host.ownLabels || key in host.poolLabels;
  const wanted = Object.keys(said)
    .filter((key) => !isDecided(key) && host.labels[key] !== said[key])
    .map((key) => `${key}=${said[key] ?? ''}`);
  const unwanted = Object.keys(host.labels)
    .filter((key) => !isDecided(key) && !(key in said))
    .map((key) => `${key}=`);
  const changes = [...wanted, ...unwanted].sort();
  if (changes.length === 0) return null;
  const words = changes.join(' ');
  return `The agent of host ${host.name} would like other labels (${words}). They select nothing until somebody says so: longshore hosts label ${host.name} ${words}`;
}
