/**
 * The live view of a deployment: a bar per wave and a line per host. Pure: a view in, lines out. In a pipe the same
 * facts come as plain lines, one per change.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { counted } from '../../protocol/text/counted.ts';
import { onceLine, progressOf, stepDetail } from '../../protocol/text/deployments.ts';
import type { StepView } from '../../protocol/text/deployments.ts';
import { renderDuration } from '../../protocol/text/time.ts';
import { paint } from '../terminal.ts';
import type { Color } from '../terminal.ts';

const SETTLED: ReadonlySet<StepView['state']> = new Set(['passed', 'failed', 'offline', 'returned']);
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
    `${paint(view.app, 'bold', style.color)} ${view.kind} to release ${view.release}: ${paint(view.state, stateColor(view.state), style.color)} (${elapsed})`,
  ];
  const once = onceLine(view);
  if (once !== null) lines.push(clip(`  ${once}`, style.columns));
  const width = Math.max(4, ...view.steps.map((step) => step.name.length));
  for (let wave = 0; wave < view.waves; wave += 1) {
    const steps = view.steps.filter((step) => step.wave === wave);
    lines.push(
      `  wave ${wave + 1}/${view.waves} ${bar(steps, style.color)} ${steps.filter((step) => step.state === 'passed').length}/${steps.length}`,
    );
    for (const step of steps)
      lines.push(
        clip(
          `    ${step.name.padEnd(width)}  ${paint(step.state.padEnd(9), COLORS[step.state], style.color)} ${stepDetail(step)}`,
          style.columns,
        ),
      );
  }
  return lines;
}

function bar(steps: readonly StepView[], color: boolean): string {
  const filled =
    steps.length === 0
      ? BAR
      : Math.round((steps.filter((step) => SETTLED.has(step.state)).length / steps.length) * BAR);
  const bad = steps.some((step) => step.state === 'failed');
  return `[${paint('='.repeat(filled), bad ? 'red' : 'green', color)}${' '.repeat(BAR - filled)}]`;
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
function extent({ steps, waves }: DeploymentView): string {
  return steps.length === 0 ? '' : `, ${counted(steps.length, 'host')} in ${counted(waves, 'wave')}`;
}

/** What changed between two views, for a pipe. */
export function changeLines(before: DeploymentView | null, view: DeploymentView): readonly string[] {
  const lines: string[] = [];
  if (before === null) lines.push(`${view.id} ${view.app} ${view.kind} to release ${view.release}${extent(view)}`);
  const once = onceLine(view);
  if (once !== null && (before === null || onceLine(before) !== once)) lines.push(once);
  for (const step of view.steps) {
    const old = before?.steps.find((other) => other.host === step.host);
    if (old?.state === step.state && stepDetail(old) === stepDetail(step)) continue;
    if (old === undefined && step.state === 'waiting') continue;
    const detail = stepDetail(step);
    lines.push(`${step.name}: ${step.state}${detail === '' ? '' : `: ${detail}`}`);
  }
  if (before?.state !== view.state) lines.push(`${view.state}: ${progressOf(view)}`);
  return lines;
}
