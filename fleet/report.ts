/** What an agent says of its apps. Written only by the agent; the newest wins. */
import type { AppName, DeploymentId, InstanceId, SpecHash } from './ids.ts';
import type { Problem } from './errors.ts';

export type InstanceState =
  | 'creating'
  /** Started, not through its gate. */
  | 'starting'
  | 'healthy'
  | 'unhealthy'
  /** Old one: traffic moved away, requests end. */
  | 'draining'
  | 'stopped'
  | 'exited';

export interface InstanceReport {
  readonly id: InstanceId;
  readonly service: string;
  /** 1-based number of the replica on this host. */
  readonly replica: number;
  readonly hash: SpecHash;
  readonly release: number;
  readonly state: InstanceState;
  /** Gets traffic. */
  readonly routed: boolean;
  readonly restarts: number;
  /** Wall clock, ms. */
  readonly startedAt: number | null;
  /** Why it is not healthy: last probe answer or exit code with the last output lines. */
  readonly detail: string | null;
  /** A one-shot that has done its work: counts as healthy, though nothing runs. Absent = no, or an older agent. */
  readonly completed?: boolean | undefined;
}

/** The answer to one attempt. `passed` and `failed` are final for it. */
export interface AttemptReport {
  readonly deployment: DeploymentId;
  readonly release: number;
  readonly attempt: number;
  readonly state: 'accepted' | 'pulling' | 'starting' | 'gating' | 'passed' | 'failed';
  readonly problem: Problem | null;
  /** The service whose instance failed, where one did; a digest is put in quarantine only then. */
  readonly failedService: string | null;
  readonly nextRetryAt: number | null;
}

export interface AppReport {
  readonly app: AppName;
  /** The release committed on this host: what serves. null = none yet. */
  readonly release: number | null;
  readonly attempt: AttemptReport | null;
  readonly instances: readonly InstanceReport[];
  readonly converged: boolean;
  /** One sentence: what is waited for; null when converged. */
  readonly waiting: string | null;
  /** A release the agent made alone under `offline: update`, by digest of each service. */
  readonly proposal: Readonly<Record<string, string>> | null;
  /** Ours by label, but in no entry of the assignment. */
  readonly unclaimed: boolean;
  /** A `remove` entry that is done. */
  readonly removed: boolean;
}

/** Something wrong with the host itself, besides its apps. */
export interface HostProblem {
  /** `ingress`, `certificates`, `metadata-guard`; a newer agent may know more. */
  readonly part: string;
  /** What the host serves or protects is affected now: it is not converged. False: a warning. */
  readonly failing: boolean;
  readonly text: string;
}
