/** What the problems of the host mean for its apps: one whose routes nothing serves is not converged. Pure. */
import type { Assignment } from '../../fleet/assignment.ts';
import type { AppReport, HostProblem } from '../../fleet/report.ts';

type AppReports = Readonly<Record<string, AppReport>>;

/**
 * Without an app that has routes a failing ingress is a warning: it serves nothing that anyone asked for.
 * @returns the problems as they count on this host
 */
export function weighed(problems: readonly HostProblem[], assignment: Assignment | null): readonly HostProblem[] {
  if (problems.every(({ part, failing }) => part !== 'ingress' || !failing)) return problems;
  if (routedApps(assignment).size > 0) return problems;
  return problems.map((problem) => (problem.part === 'ingress' ? { ...problem, failing: false } : problem));
}

/** The first that keeps the host from being converged, as one line; null = none. */
export function failingLine(problems: readonly HostProblem[]): string | null {
  const first = problems.find(({ failing }) => failing);
  return first === undefined ? null : `${first.part}: ${first.text}`;
}

export function withHostProblems(
  reports: AppReports,
  problems: readonly HostProblem[],
  assignment: Assignment | null,
): AppReports {
  const line = failingLine(problems.filter(({ part }) => part === 'ingress'));
  if (line === null) return reports;
  const routed = routedApps(assignment);
  return Object.fromEntries(
    Object.entries(reports).map(([app, report]) => [app, routed.has(app) ? unserved(report, line) : report]),
  );
}

function unserved(report: AppReport, line: string): AppReport {
  if (report.unclaimed || report.removed || !report.converged) return report;
  return { ...report, converged: false, waiting: line };
}

function routedApps(assignment: Assignment | null): ReadonlySet<string> {
  return new Set(
    (assignment?.entries ?? []).flatMap((entry) =>
      entry.kind === 'run' &&
      Object.entries(entry.spec.services).some(
        ([service, { ingress }]) => ingress.length > 0 && (entry.replicas[service] ?? 0) > 0,
      )
        ? [entry.app]
        : [],
    ),
  );
}
