/** A deployment as people see it: with names of hosts and what each does right now. Pure. */
import type { Deployment, HostStep } from '../../../fleet/deployment.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { DeploymentView } from '../../../protocol/http-api/views.ts';
import type { LiveHost } from '../../ports.ts';

export function deploymentView(
  deployment: Deployment,
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
): DeploymentView {
  const { settledAt: _settledAt, aborts: _aborts, steps, ...head } = deployment;
  return {
    ...head,
    steps: steps.map((step) => ({
      host: step.host,
      name: names[step.host] ?? step.host,
      wave: step.wave,
      state: step.state,
      from: step.from,
      attempt: step.attempt,
      doing: doing(deployment, step, live(step.host)),
      problem: copyProblem(step.problem),
      changedAt: step.changedAt,
    })),
    problem: copyProblem(head.problem),
  };
}

/** Only while the host works on this very attempt; what it says of another is not about this deployment. */
function doing(deployment: Deployment, step: HostStep, live: LiveHost | null): string | null {
  if (step.state !== 'moving' && step.state !== 'returning') return null;
  if (live?.connected !== true) return 'offline';
  const report = live.apps[deployment.app];
  return report?.attempt?.attempt === step.attempt ? report.waiting : null;
}

function copyProblem(problem: HostStep['problem']): DeploymentView['problem'] {
  return problem === null ? null : { ...problem, details: [...problem.details] };
}
