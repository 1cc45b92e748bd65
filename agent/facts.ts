/** What the agent knows of itself at one instant: read by its status line, its local health page and its metrics. */
import type { Problem } from '../fleet/errors.ts';
import type { HostMetrics } from '../fleet/host.ts';
import type { AppReport, HostProblem } from '../fleet/report.ts';
import type { SessionState } from './session/session.ts';
import type { WorkHealth } from '../daemon/watchdog.ts';

export interface AgentFacts {
  readonly phase: 'starting' | 'enrolling' | 'running' | 'stopping';
  /** What keeps the phase from ending. */
  readonly obstacle: Problem | null;
  readonly session: SessionState | null;
  readonly apps: Readonly<Record<string, AppReport>>;
  /** It runs all that it should, and the engine answers. */
  readonly converged: boolean;
  /** What is waited for; null = nothing. */
  readonly waiting: string | null;
  /** What is wrong with the host itself, besides its apps. */
  readonly problems: readonly HostProblem[];
  readonly order: { readonly epoch: number; readonly generation: number };
  readonly work: WorkHealth;
  readonly host: HostMetrics | null;
  readonly openStreams: number;
}
