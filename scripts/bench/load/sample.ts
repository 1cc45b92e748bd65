// What one request of the load came to. Pure.
import { percentile } from '../statistics.ts';

export type Kind = 'kept GET' | 'kept POST' | 'new GET' | 'new POST';

/** Kinds in turn: half on kept connections, half on new ones; three reads, one upload. */
const kinds: readonly Kind[] = [
  'kept GET',
  'new GET',
  'kept GET',
  'new POST',
  'kept GET',
  'new GET',
  'kept POST',
  'new GET',
];

export function kindOf(number: number): Kind {
  return kinds[number % kinds.length] ?? 'kept GET';
}

export interface Sample {
  /** Wall clock at which it was due; it counts from then on, however late it could be sent. */
  readonly dueAt: number;
  readonly latencyMs: number;
  readonly kind: Kind;
  /** Null: answered with 200. */
  readonly failure: string | null;
}

export interface Window {
  readonly fromAt: number;
  readonly toAt: number;
}

export interface LoadSummary {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** The first few, with their kind. */
  readonly failures: readonly string[];
}

const shown = 5;

/** Of the requests that were due within one of the windows; failed ones are in the count, not in the percentiles. */
export function summarize(samples: readonly Sample[], windows: readonly Window[]): LoadSummary {
  const within = samples.filter(({ dueAt }) => windows.some(({ fromAt, toAt }) => dueAt >= fromAt && dueAt < toAt));
  const failed = within.filter((sample) => sample.failure !== null);
  const latencies = within.filter((sample) => sample.failure === null).map((sample) => sample.latencyMs);
  const failures = failed
    .slice(0, shown)
    .map(({ kind, failure, latencyMs }) => `${kind}: ${failure ?? ''} after ${Math.round(latencyMs)} ms`);
  if (latencies.length === 0) throw new Error(`none of ${within.length} requests was answered: ${failures.join('; ')}`);
  return {
    requests: within.length,
    failed: failed.length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    worstMs: percentile(latencies, 1),
    failures,
  };
}
