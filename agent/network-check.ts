/**
 * Reads what the machine's own look at its firewall rules found (`longshore-network-check.timer`, setup/network-check.ts)
 * and makes host problems of it. A machine that was not set up by our scripts has no guard, and nothing is expected.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import { errnoOf } from './durable-file.ts';
import { closedPorts } from './firewall-input.ts';
import type { FoundProblem, HostProblems } from './host-problems.ts';

export interface NetworkCheckFiles {
  /** There where the machine has a metadata guard. */
  readonly guard: string;
  readonly result: string;
  /** `iptables -S` of the same look. */
  readonly rules: string;
}

export const NETWORK_CHECK_FILES: NetworkCheckFiles = {
  guard: '/etc/longshore/metadata-guard.nft',
  result: '/run/longshore/network-check',
  rules: '/run/longshore/firewall-rules',
};

const PARTS = ['metadata-guard', 'docker-firewall', 'firewall'] as const;
type Findings = Readonly<Record<(typeof PARTS)[number], readonly FoundProblem[]>>;
const READ_MS = 30_000;
/** The machine looks once a minute. */
const STALE_MS = 300_000;

/** Reads again and again until the signal aborts. The firewall should let in the ports of the ingress. */
export async function watchNetworkCheck(
  problems: Pick<HostProblems, 'set'>,
  ingress: { readonly http: number | null; readonly https: number | null } | null,
  clock: Clock,
  signal: AbortSignal,
  files = NETWORK_CHECK_FILES,
): Promise<void> {
  const ports = [ingress?.http, ingress?.https].filter((port) => typeof port === 'number');
  // A check that has not run yet after a boot is no news.
  await clock.sleep(READ_MS, signal);
  while (!signal.aborted) {
    const found = await readNetworkCheck(files, ports, clock.now().wallMs);
    for (const part of PARTS) problems.set(part, found[part]);
    await clock.sleep(READ_MS, signal);
  }
}

export async function readNetworkCheck(
  files: NetworkCheckFiles,
  ports: readonly number[],
  nowMs: number,
): Promise<Findings> {
  const found: Record<keyof Findings, FoundProblem[]> = { 'metadata-guard': [], 'docker-firewall': [], firewall: [] };
  if ((await changedAt(files.guard)) === null) return found;
  const checkedAtMs = await changedAt(files.result);
  if (checkedAtMs === null || nowMs - checkedAtMs > STALE_MS) {
    const text =
      'its rules are not being checked: longshore-network-check.timer is not running; run install.sh on this machine again';
    found['metadata-guard'].push({ failing: false, text });
    return found;
  }
  for (const line of (await readFile(files.result, 'utf8').catch(() => '')).split('\n')) {
    const [level, name, text] = line.split('\t');
    const part = PARTS.find((each) => each === name);
    if (part !== undefined && text !== undefined) found[part].push({ failing: level === 'failing', text });
  }
  found.firewall.push(...closedToOthers(await readFile(files.rules, 'utf8').catch(() => ''), ports));
  return found;
}

/** A warning: a tunnel on this machine may be the only way in on purpose, and the agent's own requests are let in always. */
function closedToOthers(rules: string, ports: readonly number[]): readonly FoundProblem[] {
  const closed = closedPorts(rules, ports);
  if (closed.length === 0) return [];
  const text = `INPUT drops what no rule accepts, and none accepts TCP ${closed.join(' and ')}, where the ingress listens: other machines cannot reach it. Open it, as with "ufw allow ${closed.join(',')}/tcp"`;
  return [{ failing: false, text }];
}

async function changedAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
