/** When and how a release goes over the hosts: waves and their limits, the schedule of updates, and its window. Of the app file. */
export interface RolloutPolicy {
  /** Cumulative sizes of the waves: a count of hosts or a percentage of them; the last is always 100 %. */
  readonly waves: readonly WaveSize[];
  /** Watching time after a wave's gates passed, before the next. */
  readonly monitorMs: number;
  /** Pause between two waves. */
  readonly delayMs: number;
  /** Part (0 to 1) of the reachable hosts that may fail before the deployment does. */
  readonly maxFailureRatio: number;
  readonly failureAction: 'rollback' | 'pause' | 'continue';
  /** The whole deployment; past it, it fails as by a failed gate. */
  readonly deadlineMs: number;
  /** Hosts moved back at once on rollback; 0 = all together. */
  readonly rollbackParallelism: number;
}

/** `every` is a wave of so many hosts again and again until all are done (Compose `parallelism`; 0 = all together). */
export type WaveSize =
  | { readonly kind: 'count'; readonly hosts: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'every'; readonly hosts: number };

export interface SchedulePolicy {
  /** Cron expression of five fields; `@hourly` by default. */
  readonly cron: string;
  readonly timeZone: string;
  /** Each host waits a random part of it after the tick. */
  readonly splayMs: number;
  /** Activation only inside it; null = at once. Download happens at once either way. */
  readonly window: MaintenanceWindow | null;
}

export interface MaintenanceWindow {
  /** 0 = Sunday. Empty = every day. */
  readonly days: readonly number[];
  /** Minutes after local midnight; `fromMinute > toMinute` spans midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
}
