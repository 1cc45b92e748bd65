/**
 * What can stand between a host and the target of one app, each as a sentence or null. Pure. The order of
 * `appObstacles` is the order in which `explain` asks.
 */
import type { HostStep } from '../../fleet/deployment.ts';
import { hasEnded, isHeldForWindow } from '../../fleet/deployment.ts';
import type { DeploymentHead } from '../../fleet/deployment-summary.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { AppReport, AttemptReport } from '../../fleet/report.ts';
import type { ExplainView } from '../../protocol/http-api/views.ts';
import type { Target } from '../store/records.ts';

export interface AppFacts {
  readonly app: AppName;
  readonly target: Target | null;
  readonly report: AppReport | null;
  /** Last succeeded one of the app. */
  readonly succeeded: number | null;
  /** The app's deployment that has not ended, or its newest. */
  readonly deployment: DeploymentHead | null;
  /** What that deployment does on the host; null = it does not touch it. */
  readonly step: HostStep | null;
  /** Why the schedule leaves an image of the app alone since a rollback; null = it does not. */
  readonly hold?: string | null;
}

export type Explained = Omit<ExplainView, 'host'>;

/** Failed before under way, under way before waiting for others. */
export const appObstacles = [failed, underWay, unwell, removing, waitingForWave, unclaimed] as const;

function failed(app: AppFacts, name: string): Explained | null {
  const attempt = attemptOfTarget(app);
  if (attempt?.state !== 'failed') return null;
  const serves = app.report?.release ?? null;
  const still = serves === null ? 'nothing of it runs' : `release ${serves} serves`;
  const reason = attempt.problem?.message ?? 'its agent gave no reason';
  return {
    sentence: `${app.app} release ${attempt.release} failed on ${name} (attempt ${attempt.attempt}), ${still}: ${reason}`,
    since: app.step?.changedAt ?? null,
    next:
      attempt.problem?.code === 'ROUTE_TAKEN'
        ? `It begins again when the route is free. ${attempt.problem.hint}`
        : afterFailure(app.deployment),
    nextAt: null,
  };
}

function afterFailure(deployment: DeploymentHead | null): string {
  switch (deployment?.state) {
    case 'rolling':
      return 'The deployment goes on with the other hosts; this one is tried again with the next deployment.';
    case 'paused':
      return 'The deployment waits for a person: resume tries this host again, cancel ends it.';
    case 'rolling_back':
      return `The deployment goes back to release ${String(deployment.base)}.`;
    case 'queued':
      return 'A newer deployment is queued.';
    case 'succeeded':
    case 'rolled_back':
    case 'failed':
    case 'cancelled':
    case 'superseded':
    case undefined:
      return 'It is tried again with the next deployment.';
  }
}

function underWay(app: AppFacts, name: string): Explained | null {
  if (app.target?.kind !== 'run') return null;
  const { target } = app;
  const attempt = attemptOfTarget(app);
  if (attempt?.state === 'passed' || attempt?.state === 'failed') return null;
  const since = app.step?.changedAt ?? null;
  const release = `${app.app} release ${target.release}`;
  if (attempt === null) {
    if (app.report?.converged === true && app.report.release === target.release) return null;
    return {
      sentence: `${name} has its new target, ${release}, and has not answered for it yet.`,
      since,
      next: 'Its agent takes the assignment and reports.',
      nextAt: null,
    };
  }
  const obstacle = app.report?.waiting ?? doing(attempt);
  if (target.onlyOnce === true) return runningOnce(app, name, obstacle);
  if (attempt.nextRetryAt !== null) {
    const because = attempt.problem === null ? obstacle : attempt.problem.message;
    return {
      sentence: `${name} could not go on with ${release}: ${because}`,
      since,
      next: 'It is tried again by itself.',
      nextAt: attempt.nextRetryAt,
    };
  }
  return {
    sentence: `${name} is on its way to ${release}: ${obstacle}`,
    since,
    next: 'When it passes its gate, traffic moves to it.',
    nextAt: null,
  };
}

function runningOnce({ app, target, deployment }: AppFacts, name: string, obstacle: string): Explained {
  const services = deployment?.once?.services.join(', ') ?? 'a one-shot';
  return {
    sentence: `${name} runs ${services} of ${app} once for deployment ${target?.kind === 'run' ? target.deployment : ''}: ${obstacle}`,
    since: deployment?.once?.changedAt ?? null,
    next: 'When it completes, the first wave begins; if it fails, the deployment ends and nothing has moved.',
    nextAt: null,
  };
}

function doing(attempt: AttemptReport): string {
  switch (attempt.state) {
    case 'accepted':
      return 'the assignment is taken';
    case 'pulling':
      return 'it pulls images';
    case 'starting':
      return 'instances start';
    case 'gating':
      return 'instances have to stay healthy for a while';
    case 'passed':
      return 'it passed';
    case 'failed':
      return 'it failed';
  }
}

function unwell(app: AppFacts, name: string): Explained | null {
  if (app.target?.kind !== 'run' || app.report === null || app.report.converged) return null;
  const ill = app.report.instances.find((instance) => instance.state === 'unhealthy' || instance.state === 'exited');
  const detail = ill?.detail ?? null;
  const why =
    ill === undefined
      ? (app.report.waiting ?? 'its agent works on it')
      : `${ill.service} is ${ill.state}${detail === null ? '' : `: ${detail}`}`;
  return {
    sentence: `${app.app} release ${app.target.release} is on ${name}, and ${why}`,
    since: ill?.startedAt ?? null,
    // The sentence tells already what the agent waits for where no instance is ill.
    next:
      ill === undefined
        ? 'Its agent brings it there by itself.'
        : (app.report.waiting ?? 'Its agent keeps it running by its restart policy.'),
    nextAt: null,
  };
}

function removing(app: AppFacts, name: string): Explained | null {
  if (app.target?.kind !== 'remove') return null;
  return {
    sentence: `${app.app} is to be removed from ${name}, and its agent has not said that it is done.`,
    since: null,
    next: app.report?.waiting ?? 'Its agent stops and removes it.',
    nextAt: null,
  };
}

function waitingForWave(app: AppFacts, name: string): Explained | null {
  const { deployment, step } = app;
  if (deployment === null || step?.state !== 'waiting' || hasEnded(deployment.state)) return null;
  const wave = `wave ${step.wave + 1} of ${deployment.waves}`;
  const { once } = deployment;
  const first = once?.state === 'running' ? `${once.services.join(', ')} runs once before the first wave` : null;
  const paused = deployment.state === 'paused';
  const held = isHeldForWindow(deployment) ? 'the deployment waits for its maintenance window' : null;
  return {
    sentence: `${name} waits for its turn: release ${deployment.release} of ${app.app} reaches it in ${wave}${paused ? ', and the deployment is paused' : `; ${held ?? first ?? `wave ${deployment.wave + 1} is under way`}`}.`,
    since: deployment.startedAt,
    next: paused
      ? 'Nothing, until somebody resumes or cancels the deployment.'
      : held === null
        ? 'Its wave starts when the ones before have passed.'
        : 'The deployment goes on when its maintenance window opens. A deployment by a person takes its place at once.',
    nextAt: null,
  };
}

function unclaimed(app: AppFacts, name: string): Explained | null {
  if (app.report?.unclaimed !== true) return null;
  return {
    sentence: `${app.app} runs on ${name}, and nothing in its assignment names it.`,
    since: null,
    next: 'It keeps running until it is deployed or removed.',
    nextAt: null,
  };
}

/** The release that a deployment left here when it was stopped in place; null = the host is where the app is. */
export function leftBehind({ app, target, succeeded, deployment }: AppFacts): string | null {
  if (target?.kind !== 'run' || succeeded === null || target.release === succeeded) return null;
  // One under way may well be on its way here.
  if (deployment !== null && !hasEnded(deployment.state)) return null;
  return `release ${target.release} of ${app} stays here since ${target.deployment} stopped in place, and the release of ${app} is ${succeeded}; deploy or roll back ${app} to bring its hosts to one release`;
}

export function isDone(app: AppFacts): boolean {
  return app.target?.kind === 'run' && attemptOfTarget(app)?.state === 'passed';
}

/** What the agent says of the very attempt that its target names. */
function attemptOfTarget({ target, report }: AppFacts): AttemptReport | null {
  const attempt = report?.attempt ?? null;
  if (target?.kind !== 'run' || attempt === null) return null;
  return attempt.attempt === target.attempt && attempt.deployment === target.deployment ? attempt : null;
}
