/**
 * Makes the report of one app small enough for a frame: what only explains goes first (details of problems, texts of
 * instances), instances last. What a deployment decides by stays whole.
 */
import { boundedText } from '../fleet/bounded-text.ts';
import type { AppReport } from '../fleet/report.ts';

const SHORT_TEXT = 256;
const encoder = new TextEncoder();

/** Bytes of a value as JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** In the order in which they are tried, each on what the one before has left. */
const STEPS: readonly ((report: AppReport) => AppReport)[] = [
  (report) => withProblem(report, { details: [] }),
  (report) => withDetails(report, (detail) => boundedText(detail, SHORT_TEXT)),
  (report) => withDetails(report, () => null),
  (report) => ({
    ...withProblem(report, { hint: '' }),
    waiting: report.waiting === null ? null : boundedText(report.waiting, SHORT_TEXT),
  }),
];

export function fitReport(report: AppReport, mostBytes: number): AppReport {
  let fitting = report;
  for (const step of STEPS) {
    if (jsonBytes(fitting) <= mostBytes) return fitting;
    fitting = step(fitting);
  }
  while (jsonBytes(fitting) > mostBytes && fitting.instances.length > 0)
    fitting = { ...fitting, instances: fitting.instances.slice(0, Math.floor(fitting.instances.length / 2)) };
  return fitting;
}

function withProblem(report: AppReport, change: { readonly details?: readonly []; readonly hint?: string }): AppReport {
  const problem = report.attempt?.problem;
  if (report.attempt === null || problem === null || problem === undefined) return report;
  return { ...report, attempt: { ...report.attempt, problem: { ...problem, ...change } } };
}

function withDetails(report: AppReport, change: (detail: string) => string | null): AppReport {
  const instances = report.instances.map((each) =>
    each.detail === null ? each : { ...each, detail: change(each.detail) },
  );
  return { ...report, instances };
}
