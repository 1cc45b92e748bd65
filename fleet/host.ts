/**
 * A host as the coordinator knows it, and whether it may get work.
 * `connected` (its agent talks) and `converged` (it runs what it should) are two facts and are never merged.
 */
import type { HostId } from './ids.ts';

/** `paused` gets nothing new (cordon); `draining` gives up what it has. */
export type HostAvailability = 'active' | 'paused' | 'draining';

export interface Host {
  readonly id: HostId;
  readonly name: string;
  readonly pool: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly availability: HostAvailability;
  /** `linux/amd64`, `linux/arm64`; null before the first hello. */
  readonly platform: string | null;
  readonly agentVersion: string | null;
  readonly engineVersion: string | null;
  readonly enrolledAt: number;
  /** Wall clock, ms; null = never. */
  readonly lastSeenAt: number | null;
}

/** What the agent measures of its machine; sent as differences. */
export interface HostMetrics {
  /** 0 to 1 of all cores over the last interval. */
  readonly cpu: number;
  readonly cores: number;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  /** Of the file system that holds Docker's data. */
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
  readonly uptimeMs: number;
  /** An update of the system (its kernel, as a rule) takes effect only at the machine's next start. */
  readonly restartNeeded: boolean;
}
