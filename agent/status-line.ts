/**
 * The one honest line: systemd's STATUS, and what `explain` shows of this host. Pure. Connected and converged are two
 * facts and stand beside each other; nothing in it counts down, so it changes only when something changed.
 */
import type { AppReport } from '../fleet/report.ts';
import type { AgentFacts } from './facts.ts';
import type { SessionState } from './session/session.ts';

export function statusLine(facts: AgentFacts): string {
  switch (facts.phase) {
    case 'stopping':
      return 'stopping; the containers keep running';
    case 'starting':
    case 'enrolling':
      return `${facts.phase}: ${facts.obstacle?.message ?? 'no obstacle so far'}`;
    case 'running':
      return `${describeSession(facts.session)}; ${describeApps(facts)}`;
  }
}

/** Runs all that it should, as far as it knows; true where nothing is asked of it. */
export function isConverged(facts: AgentFacts): boolean {
  return facts.phase === 'running' && facts.converged;
}

/** An app that is no longer in the assignment holds nobody up. */
export function isSettled(report: AppReport): boolean {
  return report.converged || report.unclaimed || report.removed;
}

function describeSession(session: SessionState | null): string {
  switch (session?.kind) {
    case undefined:
      return 'not connected';
    case 'connected':
      return `connected as ${session.name}`;
    case 'connecting':
      return 'connecting';
    case 'waiting':
      return session.problem === null ? 'connecting again' : `not connected: ${session.problem.message}`;
  }
}

function describeApps(facts: AgentFacts): string {
  const reports = Object.values(facts.apps);
  const count = reports.length === 0 ? 'no apps' : `${reports.length} ${reports.length === 1 ? 'app' : 'apps'}`;
  if (facts.converged) return `${count}, converged`;
  const unsettled = reports.filter((report) => !isSettled(report));
  const [first] = unsettled;
  if (first === undefined) return `${count}, not converged: ${facts.waiting ?? 'on its way'}`;
  return `${unsettled.length} of ${count} not converged: ${first.app}: ${first.waiting ?? facts.waiting ?? 'on its way'}`;
}
