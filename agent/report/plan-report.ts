/**
 * What to tell the coordinator next, and when. Pure. A session starts with everything; afterwards only what changed.
 * The answer of an attempt decides how fast a deployment goes and leaves at once; the rest is gathered for a second, so
 * that an instance which flaps costs one frame a second and not a hundred.
 */
import type { HostMetrics } from '../../fleet/host.ts';
import type { AppReport, HostProblem } from '../../fleet/report.ts';
import { LIST_LIMITS } from '../../fleet/limits.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import { fitReport } from '../../protocol/fit-report.ts';

export type AppReports = Readonly<Record<string, AppReport>>;
export type ReportMessage = AgentMessageOf<'report'>;

/** What this session has been told. */
export interface SentReport {
  readonly seq: number;
  readonly apps: AppReports;
  readonly metrics: HostMetrics | null;
  readonly status: string | null;
  readonly secretChanges: number;
  readonly problems: readonly HostProblem[];
  /** Monotonic. */
  readonly sentAtMs: number;
  readonly metricsAtMs: number;
}

export interface ReportFacts {
  readonly apps: AppReports;
  /** Null until they were measured. */
  readonly metrics: HostMetrics | null;
  readonly status: string;
  readonly secrets: SecretFacts;
  readonly problems: readonly HostProblem[];
  readonly nowMs: number;
}

export interface SecretFacts {
  readonly held: Readonly<Record<string, readonly number[]>>;
  /** Rises with everything that came or was dropped. */
  readonly changes: number;
}

export type ReportPlan =
  | { readonly kind: 'send'; readonly messages: readonly ReportMessage[]; readonly sent: SentReport }
  /** Null: until something changes. */
  | { readonly kind: 'wait'; readonly ms: number | null };

export const GATHER_MS = 1_000;
export const METRICS_MS = 30_000;
/** A host whose figures hardly move says so every five minutes. */
const METRICS_ANYWAY_MS = 300_000;
/** A report is cut into frames of about this size; the limit of a frame is four times as much. */
const FRAME_BYTES = 1024 * 1024;

/** @param sent null at the beginning of a session */
export function planReport(sent: SentReport | null, facts: ReportFacts): ReportPlan {
  if (sent === null) return send(null, facts, facts.apps, facts.metrics !== null, true);
  const changed = changedApps(sent.apps, facts.apps);
  const names = Object.keys(changed);
  const areUrgent = names.some((name) => urgentPart(sent.apps[name]) !== urgentPart(facts.apps[name]));
  const metricsInMs = metricsDueInMs(sent, facts);
  const hasChanges = names.length > 0 || facts.status !== sent.status || !isSame(sent.problems, facts.problems);
  const gatherInMs = hasChanges ? Math.max(0, sent.sentAtMs + GATHER_MS - facts.nowMs) : null;
  // Somebody may wait for one that was dropped.
  const isUrgent = facts.secrets.changes !== sent.secretChanges || areUrgent;
  if (isUrgent || gatherInMs === 0 || metricsInMs === 0) return send(sent, facts, changed, metricsInMs === 0, false);
  return { kind: 'wait', ms: earlier(gatherInMs, metricsInMs) };
}

/** What somebody waits for: the answer of the attempt, and what a wave and `explain` decide by. */
function urgentPart(report: AppReport | undefined): string {
  if (report === undefined) return 'none';
  const { attempt, release, converged, removed, unclaimed, proposal } = report;
  return JSON.stringify([
    attempt?.deployment,
    attempt?.attempt,
    attempt?.state,
    release,
    converged,
    removed,
    unclaimed,
    proposal,
  ]);
}

function changedApps(before: AppReports, now: AppReports): Readonly<Record<string, AppReport | null>> {
  const changed: Record<string, AppReport | null> = {};
  for (const [name, report] of Object.entries(now)) {
    const old = before[name];
    if (old !== report && JSON.stringify(old) !== JSON.stringify(report)) changed[name] = report;
  }
  for (const name of Object.keys(before)) if (now[name] === undefined) changed[name] = null;
  return changed;
}

function metricsDueInMs(sent: SentReport, facts: ReportFacts): number | null {
  if (facts.metrics === null) return null;
  if (sent.metrics === null) return 0;
  const age = facts.nowMs - sent.metricsAtMs;
  if (age >= METRICS_ANYWAY_MS) return 0;
  if (!hasMoved(sent.metrics, facts.metrics)) return METRICS_ANYWAY_MS - age;
  return Math.max(0, METRICS_MS - age);
}

/** By something that a person would see on a chart. */
export function hasMoved(a: HostMetrics, b: HostMetrics): boolean {
  const moved = (one: number, other: number, of: number): boolean => Math.abs(one - other) > of * 0.02;
  return (
    moved(a.cpu, b.cpu, 1) ||
    a.cores !== b.cores ||
    a.memoryTotalBytes !== b.memoryTotalBytes ||
    moved(a.memoryUsedBytes, b.memoryUsedBytes, b.memoryTotalBytes) ||
    a.diskTotalBytes !== b.diskTotalBytes ||
    moved(a.diskFreeBytes, b.diskFreeBytes, b.diskTotalBytes) ||
    b.uptimeMs < a.uptimeMs ||
    a.restartNeeded !== b.restartNeeded
  );
}

function send(
  sent: SentReport | null,
  facts: ReportFacts,
  apps: Readonly<Record<string, AppReport | null>>,
  withMetrics: boolean,
  full: boolean,
): ReportPlan {
  const firstSeq = (sent?.seq ?? 0) + 1;
  const metrics = withMetrics ? facts.metrics : null;
  const status = facts.status === sent?.status ? null : facts.status;
  const secrets = facts.secrets.changes === sent?.secretChanges ? {} : { secrets: heldVersions(facts.secrets) };
  const problems =
    sent !== null && isSame(sent.problems, facts.problems) ? null : facts.problems.slice(0, LIST_LIMITS.hostProblems);
  const messages = inFrames(apps).map((part, index): ReportMessage => {
    const isFirst = index === 0;
    // What does not fit into the full report follows as differences to it.
    return {
      kind: 'report',
      seq: firstSeq + index,
      full: full && isFirst,
      apps: part,
      ...(isFirst ? secrets : {}),
      metrics: isFirst ? metrics : null,
      status: isFirst ? status : null,
      ...(isFirst && problems !== null ? { problems: [...problems] } : {}),
    };
  });
  return {
    kind: 'send',
    messages,
    sent: {
      seq: firstSeq + messages.length - 1,
      apps: facts.apps,
      metrics: metrics ?? sent?.metrics ?? null,
      status: facts.status,
      secretChanges: facts.secrets.changes,
      problems: facts.problems,
      sentAtMs: facts.nowMs,
      metricsAtMs: withMetrics ? facts.nowMs : (sent?.metricsAtMs ?? facts.nowMs),
    },
  };
}

function heldVersions({ held }: SecretFacts): Record<string, number[]> {
  return Object.fromEntries(Object.entries(held).map(([key, versions]) => [key, [...versions]]));
}

function inFrames(apps: Readonly<Record<string, AppReport | null>>): Record<string, AppReport | null>[] {
  let frame: Record<string, AppReport | null> = {};
  const frames = [frame];
  let size = 0;
  for (const [name, whole] of Object.entries(apps)) {
    const report = whole === null ? null : fitReport(whole, FRAME_BYTES);
    const bytes = Buffer.byteLength(JSON.stringify(report));
    if (size > 0 && size + bytes > FRAME_BYTES) {
      frame = {};
      frames.push(frame);
      size = 0;
    }
    frame[name] = report;
    size += bytes;
  }
  return frames;
}

function isSame(a: readonly HostProblem[], b: readonly HostProblem[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
