/**
 * What the reports say while the engine does not answer: nobody knows then whether an app is well, and what was seen
 * last is no reason to call it so. Pure.
 */
import type { AppReport } from '../../fleet/report.ts';

type AppReports = Readonly<Record<string, AppReport>>;

/** @param obstacle why the engine does not answer; null = it does */
export function withObstacle(reports: AppReports, obstacle: string | null): AppReports {
  if (obstacle === null) return reports;
  return Object.fromEntries(Object.entries(reports).map(([app, report]) => [app, unseen(report, obstacle)]));
}

/** What is in no entry, or removed already, waits for nothing of the engine. */
function unseen(report: AppReport, obstacle: string): AppReport {
  return report.unclaimed || report.removed ? report : { ...report, converged: false, waiting: obstacle };
}
