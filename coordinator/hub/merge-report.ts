/**
 * What an agent's report changes in what is known of its host. Pure. A full report is all there is; a difference names
 * only what changed; what could not be read stays as it was. Numbers rise by one within a session: after a gap the memory would lie, so it is refused.
 */
import { isAppName } from '../../fleet/ids.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { LiveHost } from '../ports.ts';

export type ReportMerge =
  | {
      readonly kind: 'merged';
      readonly live: LiveHost;
      /** Apps whose report is another one now, gone ones too. */
      readonly changed: readonly AppName[];
      /** Apps that say for the first time that they are removed. */
      readonly removed: readonly AppName[];
      readonly problemsChanged: boolean;
    }
  | { readonly kind: 'gap'; readonly expected: number };

/** @param lastSeq 0 before the first of the session */
export function mergeReport(live: LiveHost, report: AgentMessageOf<'report'>, lastSeq: number): ReportMerge {
  const isFirst = lastSeq === 0;
  if (report.seq !== lastSeq + 1 || (isFirst && !report.full)) return { kind: 'gap', expected: lastSeq + 1 };
  const unreadable = new Set(report.unreadable);
  const names = new Set([...Object.keys(report.apps), ...(report.full ? Object.keys(live.apps) : [])]);
  const apps = new Map<string, AppReport>(report.full ? [] : Object.entries(live.apps));
  const changed: AppName[] = [];
  const removed: AppName[] = [];
  for (const name of names) {
    if (!isAppName(name)) continue;
    const before = live.apps[name] ?? null;
    const now = unreadable.has(name) ? before : (report.apps[name] ?? null);
    if (now === null) apps.delete(name);
    else apps.set(name, now);
    if (!isSame(before, now)) changed.push(name);
    // In the first report of a session also what was said before: the coordinator may have died before writing it.
    if (now?.removed === true && (isFirst || before?.removed !== true)) removed.push(name);
  }
  const problems = report.problems ?? (report.full ? [] : live.problems);
  return {
    kind: 'merged',
    live: {
      ...live,
      apps: Object.fromEntries(apps),
      metrics: report.metrics ?? live.metrics,
      status: report.status ?? live.status,
      problems,
    },
    changed,
    removed,
    problemsChanged: JSON.stringify(problems) !== JSON.stringify(live.problems),
  };
}

function isSame(a: AppReport | null, b: AppReport | null): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
