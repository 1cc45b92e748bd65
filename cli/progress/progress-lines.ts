/**
 * The live view of a deployment: a bar per wave and a line per host. Pure: a view in, lines out. In a pipe the same
 * facts come as plain lines, one per change.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import { hostsIn } from '../../fleet/deployment-summary.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { counted } from '../../protocol/text/counted.ts';
import {
  countsOf,
  hostsNotShown,
  onceLine,
  progressOf,
  purposeOf,
  stepDetail,
  waveProgress,
} from '../../protocol/text/deployments.ts';
import type { StepView, WaveProgress } from '../../protocol/text/deployments.ts';
import { renderDuration } from '../../protocol/text/time.ts';
import { paint } from '../terminal.ts';
import type { Color } from '../terminal.ts';

const BAR = 24;

const COLORS: Readonly<Record<StepView['state'], Color>> = {
  waiting: 'dim',
  moving: 'cyan',
  passed: 'green',
  failed: 'red',
  offline: 'yellow',
  returning: 'yellow',
  returned: 'yellow',
};

export interface ProgressStyle {
  readonly color: boolean;
  readonly columns: number;
}

export function renderProgress(view: DeploymentView, now: number, style: ProgressStyle): readonly string[] {
  const elapsed = renderDuration((view.endedAt ?? now) - (view.startedAt ?? view.createdAt));
  const lines = [
    `${paint(view.app, 'bold', style.color)} ${purposeOf(view)}: ${paint(view.state, stateColor(view.state), style.color)} (${elapsed})`,
  ];
  const once = onceLine(view);
  if (once !== null) lines.push(clip(`  ${once}`, style.columns));
  const width = Math.max(4, ...view.steps.map((step) => step.name.length));
  for (let wave = 0; wave < view.waves; wave += 1) {
    const steps = view.steps.filter((step) => step.wave === wave);
    const progress = waveProgress(view, wave);
    lines.push(`  wave ${wave + 1}/${view.waves} ${bar(progress, style.color)} ${progress.passed}/${progress.hosts}`);
    for (const step of steps)
      lines.push(
        clip(
          `    ${step.name.padEnd(width)}  ${paint(step.state.padEnd(9), COLORS[step.state], style.color)} ${stepDetail(step)}`,
          style.columns,
        ),
      );
    if (progress.hosts > steps.length)
      lines.push(clip(`    ${counted(progress.hosts, 'host')}: ${progress.text}`, style.columns));
  }
  return lines;
}

function bar({ hosts, settled, failed }: WaveProgress, color: boolean): string {
  const filled = hosts === 0 ? BAR : Math.round((settled / hosts) * BAR);
  return `[${paint('='.repeat(filled), failed > 0 ? 'red' : 'green', color)}${' '.repeat(BAR - filled)}]`;
}

function stateColor(state: DeploymentView['state']): Color {
  if (state === 'succeeded') return 'green';
  if (state === 'failed') return 'red';
  return hasEnded(state) || state === 'rolling_back' ? 'yellow' : 'cyan';
}

/** Lines longer than the terminal would wrap and break the drawing. Escape sequences have no width. */
function clip(line: string, columns: number): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  const parts = line.split(/(\u001b\[[0-9;]*m)/);
  let left = columns;
  let clipped = '';
  for (const part of parts) {
    if (part.startsWith('\u001b')) clipped += part;
    else {
      clipped += part.slice(0, Math.max(0, left));
      left -= part.length;
    }
  }
  return clipped;
}

/** How far it goes; a queued one has not chosen its hosts yet. */
function extent(view: DeploymentView): string {
  const hosts = hostsIn(countsOf(view));
  return hosts === 0 ? '' : `, ${counted(hosts, 'host')} in ${counted(view.waves, 'wave')}`;
}

/** What changed between two views, for a pipe. */
export function changeLines(before: DeploymentView | null, view: DeploymentView): readonly string[] {
  const lines: string[] = [];
  if (before === null) lines.push(`${view.id} ${view.app} ${purposeOf(view)}${extent(view)}`);
  const once = onceLine(view);
  if (once !== null && (before === null || onceLine(before) !== once)) lines.push(once);
  const known = new Map(before?.steps.map((step) => [step.host, step]));
  const isLarge = hostsNotShown(view) > 0;
  for (const step of view.steps) {
    // Thousands of hosts have a line for each tenth of a wave, and one of their own where they fail.
    if (isLarge && step.state !== 'failed') continue;
    const old = known.get(step.host);
    if (old?.state === step.state && stepDetail(old) === stepDetail(step)) continue;
    if (old === undefined && step.state === 'waiting') continue;
    const detail = stepDetail(step);
    lines.push(`${step.name}: ${step.state}${detail === '' ? '' : `: ${detail}`}`);
  }
  if (isLarge) lines.push(...waveLines(before, view));
  if (before?.state !== view.state) lines.push(`${view.state}: ${progressOf(view)}`);
  return lines;
}

function waveLines(before: DeploymentView | null, view: DeploymentView): readonly string[] {
  const lines: string[] = [];
  for (let wave = 0; wave < view.waves; wave += 1) {
    const now = waveProgress(view, wave);
    const was = before === null ? null : waveProgress(before, wave);
    if (tenths(now) !== (was === null ? 0 : tenths(was))) lines.push(`wave ${wave + 1} of ${view.waves}: ${now.text}`);
  }
  return lines;
}

function tenths({ hosts, settled }: WaveProgress): number {
  return hosts === 0 ? 0 : Math.floor((settled / hosts) * 10);
}
