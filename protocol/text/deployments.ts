/** Deployments and plans as text; the live progress of a terminal is made of the same pieces. */
import { pinnedReference } from '../../fleet/image-reference.ts';
import { hasEnded, isHeldForWindow } from '../../fleet/deployment.ts';
import type { HostStepState } from '../../fleet/deployment.ts';
import { countSteps, hostsIn } from '../../fleet/deployment-summary.ts';
import type { StepCount } from '../../fleet/deployment-summary.ts';
import type { DeploymentView, PlanView } from '../http-api/views.ts';
import { renderCause } from './cause.ts';
import { counted } from './counted.ts';
import { plainText } from './plain-text.ts';
import { renderProblem } from './problem.ts';
import { renderTable } from './table.ts';
import { renderAgo, renderDuration } from './time.ts';

export type StepView = DeploymentView['steps'][number];
export type HostPlanView = PlanView['hosts'][number];

/** Hosts that have answered for the release, one way or the other. */
const SETTLED: readonly HostStepState[] = ['passed', 'failed', 'offline', 'returned'];

/** An older coordinator sends every step and no counts. */
export function countsOf({ counts, steps }: Pick<DeploymentView, 'counts' | 'steps'>): readonly StepCount[] {
  return counts ?? countSteps(steps);
}

export interface WaveProgress {
  readonly hosts: number;
  readonly settled: number;
  readonly passed: number;
  readonly failed: number;
  /** `2 failed, 8 moving, 250 waiting`. */
  readonly text: string;
}

export function waveProgress(deployment: Pick<DeploymentView, 'counts' | 'steps'>, wave: number): WaveProgress {
  const counts = countsOf(deployment);
  return {
    hosts: hostsIn(counts, null, wave),
    settled: hostsIn(counts, SETTLED, wave),
    passed: hostsIn(counts, ['passed'], wave),
    failed: hostsIn(counts, ['failed'], wave),
    text: counts
      .filter((count) => count.wave === wave)
      .map(({ state, hosts }) => `${hosts} ${state}`)
      .join(', '),
  };
}

/** Hosts that have no line of their own in the view. */
export function hostsNotShown(deployment: Pick<DeploymentView, 'counts' | 'steps'>): number {
  return hostsIn(countsOf(deployment)) - deployment.steps.length;
}

export function renderDeployments(deployments: readonly DeploymentView[], now: number): string {
  if (deployments.length === 0) return 'No deployments.';
  const rows = deployments.map((deployment) => [
    deployment.id,
    deployment.app,
    deployment.restarts == null
      ? `${deployment.base ?? '-'} -> ${deployment.release}`
      : `${deployment.release} restarted`,
    deployment.state,
    renderAgo(deployment.createdAt, now),
    took(deployment),
    renderCause(deployment.cause),
  ]);
  return renderTable(['DEPLOYMENT', 'APP', 'RELEASE', 'STATE', 'BEGAN', 'TOOK', 'CAUSE'], rows);
}

function took(deployment: DeploymentView): string {
  return deployment.endedAt === null || deployment.startedAt === null
    ? '-'
    : renderDuration(deployment.endedAt - deployment.startedAt);
}

/** `deploy to release 3`, `restart of web in release 3`. */
export function purposeOf({ kind, release, restarts }: Pick<DeploymentView, 'kind' | 'release' | 'restarts'>): string {
  return restarts == null ? `${kind} to release ${release}` : `restart of ${restarts.join(', ')} in release ${release}`;
}

/** One deployment with a line per host; what `status` prints. */
export function renderDeployment(deployment: DeploymentView, now: number): string {
  const head = `${deployment.app} release ${deployment.release} (${deployment.restarts == null ? deployment.kind : `restart of ${deployment.restarts.join(', ')}`} ${deployment.id}): ${deployment.state}, ${progressOf(deployment)}`;
  const steps = deployment.steps.map((step) => [
    `  ${step.name}`,
    `wave ${step.wave + 1}`,
    step.state,
    renderAgo(step.changedAt, now),
    stepDetail(step),
  ]);
  const lines = [head, `  cause: ${renderCause(deployment.cause)}`];
  const once = onceLine(deployment);
  if (once !== null) lines.push(`  ${once}`);
  const hidden = hostsNotShown(deployment);
  if (hidden > 0)
    for (let wave = 0; wave < deployment.waves; wave += 1)
      lines.push(`  wave ${wave + 1}: ${waveProgress(deployment, wave).text}`);
  if (steps.length > 0) lines.push(renderTable(['  HOST', 'WAVE', 'STATE', 'SINCE', 'DETAIL'], steps));
  if (hidden > 0 && steps.length > 0)
    lines.push(`  and ${counted(hidden, 'more host')}: \`longshore status ${deployment.id} --all\``);
  if (deployment.problem !== null) lines.push(renderProblem(deployment.problem));
  return lines.join('\n');
}

/** `2 of 3 hosts, wave 2 of 3`. */
export function progressOf(deployment: DeploymentView): string {
  // Its hosts are chosen when its turn comes.
  const counts = countsOf(deployment);
  const hosts = hostsIn(counts);
  if (hosts === 0) return hasEnded(deployment.state) ? 'no host was touched' : 'waits for its turn';
  // A deployment that was cancelled with --rollback has brought its hosts back too.
  const going =
    deployment.state === 'rolling_back' ||
    deployment.state === 'rolled_back' ||
    (deployment.state === 'cancelled' && hostsIn(counts, ['returned']) > 0);
  const done = hostsIn(counts, [going ? 'returned' : 'passed']);
  const wave =
    deployment.waves === 0
      ? ''
      : deployment.once?.state === 'running' && deployment.wave < 0
        ? ', before the first wave'
        : `, wave ${Math.min(Math.max(deployment.wave + 1, 1), deployment.waves)} of ${deployment.waves}`;
  const held = isHeldForWindow(deployment) ? ', waits for its maintenance window' : '';
  return `${done} of ${counted(hosts, 'host')} ${going ? 'returned' : 'passed'}${wave}${held}`;
}

/** The step before the first wave, as a line of its own; null = there is none. */
export function onceLine({ once, state }: Pick<DeploymentView, 'once' | 'state'>): string | null {
  if (once == null) return null;
  const services = once.services.join(', ');
  switch (once.state) {
    case 'running':
      if (hasEnded(state)) return `once, before the first wave: ${services} on ${once.name} was stopped`;
      return `once, before the first wave: ${services} runs on ${once.name}${once.doing === null ? '' : `: ${plainText(once.doing)}`}`;
    case 'passed':
      return `once, before the first wave: ${services} completed on ${once.name}`;
    case 'failed':
      return `once, before the first wave: ${services} failed on ${once.name}`;
  }
}

/** The line of one host: what it does now, or why it failed. */
export function stepDetail(step: StepView): string {
  const text = step.problem === null ? (step.doing ?? '') : `${step.problem.code}: ${step.problem.message}`;
  // What an instance said last stands on further lines; one line has no room for it.
  return (plainText(text).split('\n')[0] ?? '').replace(/; last output:$/, '');
}

const MARK: Readonly<Record<HostPlanView['changes'][number]['action'], string>> = {
  create: '+',
  replace: '±',
  keep: ' ',
  remove: '-',
};

/** As Terraform shows a plan: per host what is created, replaced (and because of which key), kept, removed. */
export function renderPlan(plan: PlanView): string {
  const lines: string[] = [`Plan for ${plan.app}${plan.base === null ? ' (new)' : ` (current release ${plan.base})`}`];
  for (const [service, image] of Object.entries(plan.images))
    lines.push(`  image ${service}: ${pinnedReference(image.reference, image.digest)}`);
  for (const host of plan.hosts) {
    lines.push('', `  ${host.name}${host.connected ? '' : ' (not connected: catches up later)'}`);
    for (const change of host.changes) {
      const because = change.because.length === 0 ? '' : `  because of ${change.because.join(', ')}`;
      lines.push(`    ${MARK[change.action]} ${change.action.padEnd(7)} ${change.service}.${change.replica}${because}`);
    }
    if (host.changes.length === 0) lines.push('      nothing');
  }
  lines.push('', `  waves: ${plan.waves.map((wave) => wave.join(' ')).join(' | ') || 'none'}`);
  for (const warning of plan.warnings) lines.push(`  warning: ${warning}`);
  lines.push('', summary(plan));
  return lines.join('\n');
}

function summary(plan: PlanView): string {
  if (!plan.changed) return 'No changes: every host is on its target.';
  const count = (action: HostPlanView['changes'][number]['action']): number =>
    plan.hosts.reduce((sum, host) => sum + host.changes.filter((change) => change.action === action).length, 0);
  return `Plan: ${count('create')} to create, ${count('replace')} to replace, ${count('remove')} to remove, ${count('keep')} left alone.`;
}
