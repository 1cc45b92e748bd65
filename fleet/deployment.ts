/**
 * One attempt to move an app to a release over its hosts, and the table of its states.
 *
 *   queued -> rolling <-> paused
 *             rolling | paused -> rolling_back -> rolled_back | failed
 *             rolling -> succeeded
 *   any state that has not ended -> failed | cancelled | superseded
 */
import type { AppName, DeploymentId, HostId } from './ids.ts';
import type { Problem } from './errors.ts';
import type { Cause } from './release.ts';

export const DEPLOYMENT_STATES = [
  'queued',
  'rolling',
  'paused',
  'rolling_back',
  'succeeded',
  'rolled_back',
  'failed',
  'cancelled',
  'superseded',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

const NEXT: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  queued: ['rolling', 'failed', 'cancelled', 'superseded'],
  rolling: ['paused', 'rolling_back', 'succeeded', 'failed', 'cancelled', 'superseded'],
  paused: ['rolling', 'rolling_back', 'failed', 'cancelled', 'superseded'],
  rolling_back: ['rolled_back', 'failed', 'cancelled', 'superseded'],
  succeeded: [],
  rolled_back: [],
  failed: [],
  cancelled: [],
  superseded: [],
};

export function hasEnded(state: DeploymentState): boolean {
  return NEXT[state].length === 0;
}

/** Under way without a person, and waiting for its maintenance window: only then nothing limits its time. */
export function isHeldForWindow({
  state,
  deadlineAt,
  cause,
}: Pick<Deployment, 'state' | 'deadlineAt' | 'cause'>): boolean {
  return state === 'rolling' && deadlineAt === null && cause.kind !== 'person';
}

/** Throws where the table does not allow the step; nothing else assigns a state. */
export function advance(from: DeploymentState, to: DeploymentState): DeploymentState {
  if (!NEXT[from].includes(to)) throw new Error(`a deployment cannot go from ${from} to ${to}`);
  return to;
}

/** The same over several steps that are stored together, in their order. */
export function advanceThrough(from: DeploymentState, states: readonly DeploymentState[]): DeploymentState {
  return states.reduce(advance, from);
}

/** What a deployment does on one host. */
export const HOST_STEP_STATES = [
  /** In a later wave. */
  'waiting',
  /** Its target is set; the host has not answered for it yet. */
  'moving',
  'passed',
  'failed',
  /** Not connected (or not active) when its wave came: outside of the ratio, catches up later. */
  'offline',
  /** Its target is set back; the host has not answered yet. */
  'returning',
  'returned',
] as const;
export type HostStepState = (typeof HOST_STEP_STATES)[number];

export interface HostStep {
  readonly host: HostId;
  /** 0-based. */
  readonly wave: number;
  readonly state: HostStepState;
  /** Release it ran before, where it goes back to; null = the app was not there. */
  readonly from: number | null;
  readonly attempt: number;
  readonly problem: Problem | null;
  readonly changedAt: number;
}

/** Its target is set, and the host has not answered for it. */
export function isUnanswered({ state }: Pick<HostStep, 'state'>): boolean {
  return state === 'moving' || state === 'returning';
}

/** Before the first wave: services with `once: deployment` run to their end on one host. */
export interface OnceStep {
  readonly host: HostId;
  readonly services: readonly string[];
  readonly attempt: number;
  readonly state: 'running' | 'passed' | 'failed';
  /** What the host ran before, and goes back to where the deployment ends here; null = the app was not there. */
  readonly before: { readonly release: number; readonly replicas: Readonly<Record<string, number>> } | null;
  readonly changedAt: number;
}

export interface Deployment {
  readonly id: DeploymentId;
  readonly app: AppName;
  readonly release: number;
  /** Last succeeded release when it began: where a rollback goes; null = none. */
  readonly base: number | null;
  readonly kind: 'deploy' | 'rollback';
  readonly state: DeploymentState;
  readonly steps: readonly HostStep[];
  /** The wave under way, 0-based; -1 before the first. */
  readonly wave: number;
  readonly waves: number;
  /** Null: it has no such services, or has not come to them. */
  readonly once: OnceStep | null;
  readonly problem: Problem | null;
  readonly cause: Cause;
  /** It ends what is under way, in place, instead of waiting for it. */
  readonly aborts: boolean;
  /** A person resumed it: what was begun by nobody goes on without waiting for a maintenance window. */
  readonly byHand: boolean;
  /** Services whose instances it replaces although their release is unchanged; absent = it is no restart. */
  readonly restarts?: readonly string[] | undefined;
  readonly createdAt: number;
  readonly startedAt: number | null;
  /** When the wave under way had all its answers; the monitor window counts from it. */
  readonly settledAt: number | null;
  readonly deadlineAt: number | null;
  readonly endedAt: number | null;
}

/** Whether it waits for an answer of this host. */
export function waitsFor({ steps, once }: Pick<Deployment, 'steps' | 'once'>, host: HostId): boolean {
  if (once?.state === 'running' && once.host === host) return true;
  return steps.some((step) => step.host === host && isUnanswered(step));
}
