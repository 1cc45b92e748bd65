/**
 * What the planner is given of the world: the engine's containers as last seen, and what this process has learned since
 * it started (health, failures, images on the disk, what the ingress has taken). Data only; `memory.ts` keeps it.
 * All times are monotonic unless named otherwise.
 */
import type { ProbeCheck } from '../../fleet/app-spec.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, InstanceId } from '../../fleet/ids.ts';
import type { EngineObservation, HeldImage, ImageFacts } from '../engine/container-engine.ts';
import type { IngressApp, Upstreams } from '../ingress/ingress.ts';
import type { AppFilesAnswer } from './app-files.ts';

export interface Observation {
  readonly engine: EngineObservation;
  /** The engine answered a question that was put to it at this moment: it was not shutting down then. */
  readonly seenAtMs: number;
  /** Since when an ended instance is known to have ended. */
  readonly endSeenAtMs: Readonly<Record<InstanceId, number>>;
  /** By `imageKey`: what is known to be on the disk. */
  readonly images: Readonly<Record<string, ImageFacts>>;
  /** Null: not asked yet. */
  readonly held: readonly HeldImage[] | null;
  /** By `filesKey`. */
  readonly files: Readonly<Record<string, AppFilesAnswer>>;
  readonly health: Readonly<Record<InstanceId, InstanceHealth>>;
  /** Instances that this process started on the engine's present run: if they ended, they ended by themselves. */
  readonly startedHere: ReadonlySet<InstanceId>;
  /** No request of them is under way any more, or their grace is over. */
  readonly drained: ReadonlySet<InstanceId>;
  /** Last failure by the action's object. */
  readonly failures: Readonly<Record<string, ActionFailure>>;
  /** Apps whose journal is newer in memory than on the disk, which could not be written. */
  readonly unsaved: ReadonlySet<AppName>;
  /** Moment from which the journaled budget of an app's attempt counts. */
  readonly budgetSince: Readonly<Record<AppName, number>>;
  /** Restarts after an end by itself: by instance, the moments at which they were seen. */
  readonly restarts: Readonly<Record<InstanceId, readonly number[]>>;
  /** Null: this host has no ingress. */
  readonly ingress: IngressFacts | null;
  /** An assignment came from the coordinator in this process's life. */
  readonly confirmed: boolean;
  /** By app: for which entries its files were pruned last. */
  readonly prunedFiles: Readonly<Record<AppName, string>>;
  /** By `prefetchKey`: this host's share of the spread is over at this moment. */
  readonly prefetchAtMs: Readonly<Record<string, number>>;
  /** Subnets that overlap with something else on this machine. */
  readonly refusedSubnets: readonly string[];
  /** By `imageKey`: how far a pull is. */
  readonly pulling: Readonly<Record<string, string>>;
}

export interface IngressFacts {
  /** What it has taken; null = nothing yet. */
  readonly apps: readonly IngressApp[] | null;
  readonly upstreams: Upstreams | null;
  readonly ready: readonly AppName[] | null;
}

export interface ActionFailure {
  readonly problem: Problem;
  readonly retryable: boolean;
  /** Failures in a row. */
  readonly count: number;
  readonly retryAtMs: number;
}

/** What probes (or the engine) say of one run of an instance. */
export interface InstanceHealth {
  /** Since when it is watched in this run. */
  readonly sinceMs: number;
  /** Healthy without a break since; null = not now. */
  readonly healthySinceMs: number | null;
  readonly everHealthy: boolean;
  /** Failures in a row; those inside the start period do not count. */
  readonly failures: number;
  /** It has failed `retries` times in a row. */
  readonly isUnhealthy: boolean;
  /** Null: it is not. */
  readonly unhealthySinceMs: number | null;
  /** This process saw an earlier run of it: until it answers, it is not trusted with traffic. */
  readonly isRestarted: boolean;
  /** What the last probe found, for people. */
  readonly lastAnswer: string | null;
}

/** One instance that should be probed, and how. */
export interface ProbeTarget {
  readonly instance: InstanceId;
  /** `app/service/replica`, for people. */
  readonly name: string;
  /** Engine's start of this run, wall clock; null = not seen yet. Another value is another run. */
  readonly startedAtMs: number | null;
  readonly address: string | null;
  /** We are reconnecting it: what a probe finds meanwhile is our doing and does not count. */
  readonly isPaused: boolean;
  readonly check:
    | ProbeCheck
    | {
        readonly kind: 'engine';
        readonly health: 'starting' | 'healthy' | 'unhealthy';
        readonly detail: string | null;
      };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
}
