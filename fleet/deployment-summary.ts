/**
 * A deployment of any number of hosts in a few lines: how many hosts of each wave stand in each state, and the steps
 * that a person looks for first.
 */
import { compareText } from './compare-text.ts';
import type { Deployment, HostStep, HostStepState } from './deployment.ts';

/** Hosts of one wave in one state; what has none is left out. */
export interface StepCount {
  /** 0-based. */
  readonly wave: number;
  readonly state: HostStepState;
  readonly hosts: number;
}

export type DeploymentHead = Omit<Deployment, 'steps'>;

export interface DeploymentSummary extends DeploymentHead {
  /** By wave; empty while its hosts are not chosen. */
  readonly counts: readonly StepCount[];
}

/** What failed or moves before what waits or is done. */
export const URGENCY: readonly HostStepState[] = [
  'failed',
  'moving',
  'returning',
  'offline',
  'waiting',
  'returned',
  'passed',
];

/** More hosts than this are shown by their counts, and by those steps that matter most. */
export const MOST_STEPS_SHOWN = 100;

export function summaryOf({ steps, ...head }: Deployment): DeploymentSummary {
  return { ...head, counts: countSteps(steps) };
}

export function countSteps(steps: readonly Pick<HostStep, 'wave' | 'state'>[]): readonly StepCount[] {
  return addCounts(
    [],
    steps.map(({ wave, state }) => ({ wave, state, hosts: 1 })),
  );
}

/** Sums per wave and state, by wave; `hosts` may be negative where some left a state. */
export function addCounts(a: readonly StepCount[], b: readonly StepCount[]): readonly StepCount[] {
  const sums = new Map<string, StepCount>();
  for (const counts of [a, b]) {
    for (const count of counts) {
      const key = `${count.wave} ${count.state}`;
      sums.set(key, { ...count, hosts: (sums.get(key)?.hosts ?? 0) + count.hosts });
    }
  }
  return [...sums.values()]
    .filter(({ hosts }) => hosts > 0)
    .sort((x, y) => x.wave - y.wave || URGENCY.indexOf(x.state) - URGENCY.indexOf(y.state));
}

export function hostsIn(
  counts: readonly StepCount[],
  states: readonly HostStepState[] | null = null,
  wave: number | null = null,
): number {
  return counts.reduce(
    (sum, count) =>
      (states === null || states.includes(count.state)) && (wave === null || count.wave === wave)
        ? sum + count.hosts
        : sum,
    0,
  );
}

/** At most `limit` of them, the most urgent first; by wave and host. */
export function notableSteps(steps: readonly HostStep[], limit = MOST_STEPS_SHOWN): readonly HostStep[] {
  if (steps.length <= limit) return steps;
  return [...steps]
    .sort((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state) || byWave(a, b))
    .slice(0, limit)
    .sort(byWave);
}

export function byWave(a: HostStep, b: HostStep): number {
  return a.wave - b.wave || compareText(a.host, b.host);
}
