/** A host as people see it: two facts, never merged (connected, converged), and one sentence where it lags. Pure. */
import type { AppReport } from '../../../fleet/report.ts';
import type { AppName } from '../../../fleet/ids.ts';
import type { HostView } from '../../../protocol/http-api/views.ts';
import type { LiveHost } from '../../ports.ts';
import { refusalText } from '../../refusal-for-app.ts';
import { describeChoice } from '../../identity/adoption-requests.ts';
import type { AdoptionRequest } from '../../identity/adoption-requests.ts';
import type { HostRow, Target } from '../../store/records.ts';

/**
 * @param targets of this host
 * @param asking machines that ask to be this host. Shown only while the host is away
 */
export function hostView(
  row: HostRow,
  live: LiveHost | null,
  targets: readonly Target[],
  asking: readonly AdoptionRequest[] = [],
): HostView {
  const problems = live?.problems ?? [];
  const failing = problems.find((problem) => problem.failing);
  // Another machine that asks for the name says nothing about a host that is there.
  const waiting =
    asking.length > 0 && live?.connected !== true
      ? adoptionWaiting(row.name, asking)
      : failing === undefined
        ? hostWaiting(live, targets)
        : `${failing.part}: ${failing.text}`;
  const reports = live?.apps ?? {};
  const names = [...new Set([...targets.map((target) => target.app), ...(Object.keys(reports) as AppName[])])].sort();
  const targetOf = new Map(targets.map((target) => [target.app, target]));
  return {
    id: row.id,
    name: row.name,
    pool: row.pool,
    labels: { ...row.labels },
    labelSources: Object.fromEntries(Object.keys(row.labels).map((key) => [key, labelSource(row, key)])),
    hiddenLabels: Object.entries(row.ownLabels).flatMap(([key, value]) => (value === null ? [key] : [])),
    availability: row.availability,
    poweringOff: row.poweringOff,
    connected: live?.connected ?? false,
    converged: waiting === null,
    waiting,
    problems: [...problems],
    platform: row.platform,
    agentVersion: row.agentVersion,
    engineVersion: row.engineVersion,
    enrolledAt: row.enrolledAt,
    lastSeenAt: live?.lastSeenAt ?? row.lastSeenAt,
    metrics: live?.metrics ?? null,
    ingress: live?.ingress ?? null,
    apps: names.map((app) => {
      const target = targetOf.get(app);
      return { app, target: target?.kind === 'run' ? target.release : null, report: reports[app] ?? null };
    }),
  };
}

export function adoptionWaiting(name: string, asking: readonly AdoptionRequest[]): string {
  const who = asking.length > 1 ? `${asking.length} machines ask` : 'a machine asks';
  return `${who} to be this host: ${describeChoice(name, asking)}`;
}

function labelSource(row: HostRow, key: string): HostView['labelSources'][string] {
  if (Object.hasOwn(row.ownLabels, key)) return 'operator';
  return Object.hasOwn(row.poolLabels, key) ? 'pool' : 'agent';
}

/** Null where the host runs what it should, as far as its agent has said. */
export function hostWaiting(live: LiveHost | null, targets: readonly Target[]): string | null {
  if (live?.refusal != null) return refusalText(live.refusal);
  for (const target of targets) {
    const waiting = targetWaiting(target, live?.apps[target.app] ?? null, live !== null);
    if (waiting !== null) return waiting;
  }
  return null;
}

export function targetWaiting(target: Target, report: AppReport | null, wasHeard: boolean): string | null {
  const { app } = target;
  if (target.kind === 'remove')
    return !wasHeard || (report !== null && !report.removed) ? `${app} is being removed` : null;
  if (report === null) return `${app}: the agent has not said yet what it runs`;
  if (report.release !== target.release)
    return `${app}: ${report.waiting ?? `release ${target.release} has not come up yet`}`;
  return report.converged ? null : `${app}: ${report.waiting ?? 'not all is up'}`;
}
