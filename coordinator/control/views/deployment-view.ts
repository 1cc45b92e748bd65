/** A deployment as people see it: with names of hosts and what each does right now. Pure. */
import { hasEnded, isUnanswered } from '../../../fleet/deployment.ts';
import type { HostStep, OnceStep } from '../../../fleet/deployment.ts';
import type { DeploymentHead, DeploymentSummary } from '../../../fleet/deployment-summary.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { DeploymentView, HostStepView } from '../../../protocol/http-api/views.ts';
import type { LiveHost } from '../../ports.ts';
import { refusalForApp, refusalText } from '../../refusal-for-app.ts';

/**
 * @param steps those that are shown
 * @param require of its release
 */
export function deploymentView(
  deployment: DeploymentSummary,
  steps: readonly HostStep[],
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
  require: DeploymentView['require'] = 'reachable',
): DeploymentView {
  const { settledAt: _settledAt, aborts: _aborts, byHand: _byHand, once, counts, restarts, ...head } = deployment;
  return {
    ...head,
    restarts: restarts === undefined ? null : [...restarts],
    counts: counts.map((count) => ({ ...count })),
    steps: steps.map((step) => stepView(deployment, step, names, live)),
    require,
    once: once === null ? null : onceView(deployment, once, names, live),
    problem: copyProblem(head.problem),
  };
}

export function stepView(
  deployment: Pick<DeploymentHead, 'app' | 'id'>,
  step: HostStep,
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
): HostStepView {
  return {
    host: step.host,
    name: names[step.host] ?? step.host,
    wave: step.wave,
    state: step.state,
    from: step.from,
    attempt: step.attempt,
    doing: doing(deployment, step, live(step.host)),
    problem: copyProblem(step.problem),
    changedAt: step.changedAt,
  };
}

function onceView(
  deployment: DeploymentHead,
  { host, services, attempt, state, changedAt }: OnceStep,
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
): DeploymentView['once'] {
  const now = hasEnded(deployment.state) || state !== 'running' ? null : answering(deployment, attempt, live(host));
  return { host, name: names[host] ?? host, services: [...services], attempt, state, doing: now, changedAt };
}

/** Only while the host works on this very attempt; what it says of another is not about this deployment. */
function doing(deployment: Pick<DeploymentHead, 'app' | 'id'>, step: HostStep, live: LiveHost | null): string | null {
  if (!isUnanswered(step)) return null;
  // An app that goes away with its release has no attempt.
  const isGoing = step.state === 'returning' && live?.apps[deployment.app]?.attempt === null;
  return answering(deployment, step.attempt, live, isGoing);
}

/** Why it has not answered: every reason that `explain` gives. */
function answering(
  { app, id }: Pick<DeploymentHead, 'app' | 'id'>,
  attempt: number,
  live: LiveHost | null,
  isGoing = false,
): string | null {
  if (live?.connected !== true) return 'offline';
  const report = live.apps[app] ?? null;
  const told = report?.attempt ?? null;
  const isTaken = isGoing || (told?.deployment === id && told.attempt === attempt);
  const refusal = refusalForApp(live.refusal, app);
  if (refusal !== null && (!isTaken || refusal.asked[app]?.kind === 'remove')) return refusalText(refusal);
  const failing = live.problems.find((problem) => problem.failing) ?? null;
  const reasons = [
    ...(isTaken && report !== null && report.waiting !== null ? [report.waiting] : []),
    ...(failing === null ? [] : [`${failing.part}: ${failing.text}`]),
  ];
  return reasons.length === 0 ? null : reasons.join('; ');
}

function copyProblem(problem: HostStep['problem']): HostStepView['problem'] {
  return problem === null ? null : { ...problem, details: [...problem.details] };
}
