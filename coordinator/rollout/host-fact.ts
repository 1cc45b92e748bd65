/**
 * What a rollout knows of one host when it decides. Made by the loop from the host's row and the hub's memory, so that
 * the decisions themselves look nowhere.
 */
import type { HostAvailability } from '../../fleet/host.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { Problem } from '../../fleet/errors.ts';
import { problem } from '../../fleet/errors.ts';
import type { HostRow, RunTarget } from '../store/records.ts';
import type { AssignmentRefusal, LiveHost } from '../ports.ts';
import { refusalForApp } from '../refusal-for-app.ts';
import type { AppName } from '../../fleet/ids.ts';

export interface HostFact {
  readonly host: HostId;
  readonly name: string;
  readonly availability: HostAvailability;
  /** Wall clock, ms, since when its agent does not talk; null = it does. */
  readonly offlineSince: number | null;
  readonly report: AppReport | null;
  /** What stands against the newest assignment that the host was to get; null = nothing is known. */
  readonly refusal: AssignmentRefusal | null;
}

/** So long a silent host is waited for: an agent that restarts, or a coordinator that just did, moves nobody away. */
export const OFFLINE_GRACE_MS = 30_000;

/** @param startedAt when this coordinator began to listen: before it nobody could be connected */
export function hostFact(row: HostRow, live: LiveHost | null, app: AppName, startedAt: number): HostFact {
  return {
    host: row.id,
    name: row.name,
    availability: row.availability,
    offlineSince: live?.connected === true ? null : Math.max(live?.connectedChangedAt ?? 0, startedAt),
    report: live?.apps[app] ?? null,
    refusal: refusalForApp(live?.refusal ?? null, app),
  };
}

/** When a silent host stops to be waited for; null = it talks. */
export function graceEndsAt(fact: HostFact): number | null {
  return fact.offlineSince === null ? null : fact.offlineSince + OFFLINE_GRACE_MS;
}

export function isUnreachable(fact: HostFact, now: number): boolean {
  const ends = graceEndsAt(fact);
  return ends !== null && now >= ends;
}

/**
 * The refusal of this very attempt. An agent that has reported on the attempt has taken it, in an earlier assignment.
 */
export function refusalOf(
  { report, refusal }: HostFact,
  { app, deployment, attempt }: Pick<RunTarget, 'app' | 'deployment' | 'attempt'>,
): AssignmentRefusal | null {
  const asked = refusal?.asked[app];
  if (asked?.kind !== 'run' || asked.deployment !== deployment || asked.attempt !== attempt) return null;
  const told = report?.attempt;
  return told?.deployment === deployment && told.attempt === attempt ? null : refusal;
}

/** Why an app that had passed its gate does not work any more; null = it works, as far as its agent says. */
export function sickness(fact: HostFact, release: number): Problem | null {
  const { report } = fact;
  if (report === null || report.converged) return null;
  const ill = report.instances.find(
    (instance) => instance.release === release && (instance.state === 'unhealthy' || instance.state === 'exited'),
  );
  if (ill === undefined) return null;
  const detail = ill.detail === null ? '' : `: ${ill.detail}`;
  const code = ill.state === 'exited' ? 'CONTAINER_EXITED' : 'UNHEALTHY_IN_GATE';
  return problem(code, `watch ${ill.service} of ${report.app} on ${fact.name}: ${ill.state} after its gate${detail}`);
}
