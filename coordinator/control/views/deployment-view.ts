/** A deployment as people see it: with names of hosts and what each does right now. Pure. */
import { hasEnded } from '../../../fleet/deployment.ts';
import type { Deployment, HostStep, OnceStep } from '../../../fleet/deployment.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { DeploymentView } from '../../../protocol/http-api/views.ts';
import type { LiveHost } from '../../ports.ts';

export function deploymentView(
  deployment: Deployment,
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
): DeploymentView {
  const { settledAt: _settledAt, aborts: _aborts, steps, once, ...head } = deployment;
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
    once: once === null ? null : onceView(deployment, once, names, live),
    problem: copyProblem(head.problem),
  };
}

function onceView(
  deployment: Deployment,
  { host, services, attempt, state, changedAt }: OnceStep,
  names: Readonly<Record<HostId, string>>,
  live: (host: HostId) => LiveHost | null,
): DeploymentView['once'] {
  const now = hasEnded(deployment.state) || state !== 'running' ? null : answering(deployment, attempt, live(host));
  return { host, name: names[host] ?? host, services: [...services], attempt, state, doing: now, changedAt };
}

/** Only while the host works on this very attempt; what it says of another is not about this deployment. */
function doing(deployment: Deployment, step: HostStep, live: LiveHost | null): string | null {
  return step.state === 'moving' || step.state === 'returning' ? answering(deployment, step.attempt, live) : null;
}

function answering(deployment: Deployment, attempt: number, live: LiveHost | null): string | null {
  if (live?.connected !== true) return 'offline';
  const report = live.apps[deployment.app];
  return report?.attempt?.attempt === attempt ? report.waiting : null;
}

function copyProblem(problem: HostStep['problem']): DeploymentView['problem'] {
  return problem === null ? null : { ...problem, details: [...problem.details] };
}
