/**
 * What Google says when a managed group cannot make a machine, in words with the way out: its own messages name the limit,
 * but not the key of fleet.yaml that helps. Pure.
 */

export interface GroupError {
  readonly group: string;
  /** As `QUOTA_EXCEEDED`. */
  readonly code: string;
  /** Google's own. */
  readonly message: string;
  /** Wall clock, ms. */
  readonly at: number;
}

const MESSAGE_LENGTH = 300;
/** A group tries again every few minutes: what is older was overcome. */
const RECENT_MS = 30 * 60_000;
const MOST = 10;

/** One line for each group and code, the newest first; at most ten. */
export function groupTrouble(errors: readonly GroupError[], now: number): readonly string[] {
  const seen = new Set<string>();
  const lines = [...errors]
    .filter(({ at }) => now - at < RECENT_MS)
    .sort((a, b) => b.at - a.at)
    .filter(({ group, code }) => !seen.has(`${group} ${code}`) && seen.add(`${group} ${code}`))
    .map(({ group, code, message }) => `${group}: ${reasonOf(code, message)} (${code}: ${plain(message)})`);
  return lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more`] : lines;
}

function reasonOf(code: string, message: string): string {
  if (code.startsWith('QUOTA') || code === 'CPUS_QUOTA_EXCEEDED')
    return "the project's quota is used up: raise it (IAM & Admin, Quotas), or lower `count` of the pool";
  if (code.startsWith('ZONE_RESOURCE_POOL_EXHAUSTED') || code === 'RESOURCE_POOL_EXHAUSTED')
    return 'the zone has no such machine left: Google tries again by itself; a further zone in `zones` or another `machine` helps';
  if (code === 'IP_SPACE_EXHAUSTED' || code.startsWith('IP_SPACE'))
    return 'the subnet has no free address: lower `count`, or use a further region';
  if (/machine ?type/i.test(message))
    return 'the zone does not have this machine type: change `machine` or `zones` of the pool';
  if (code.startsWith('PERMISSION') || code === 'FORBIDDEN')
    return 'Google refuses it: check the service accounts of the project and its organisation policies';
  return 'Google could not make a machine';
}

/** Comes from outside and goes to a terminal. */
function plain(message: string): string {
  const text = message.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}...` : text;
}
