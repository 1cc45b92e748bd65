/** What the agent measures of its machine. Reading is here; how the texts of /proc become figures is pure. */
import { access, readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import type { HostMetrics } from '../../fleet/host.ts';
import type { Clock } from '../clock.ts';
import { METRICS_MS } from './plan-report.ts';

/** Debian and Ubuntu put it there when an update waits for the machine's next start. */
const RESTART_FILE = '/run/reboot-required';

/** Ticks since the machine's start, over all cores. */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

export interface MetricSample {
  readonly metrics: HostMetrics;
  /** For the next sample. */
  readonly ticks: CpuTicks;
}

export interface MeasuringOptions {
  readonly onMetrics: (metrics: HostMetrics) => void;
  /** Once for each reason. */
  readonly onProblem: (text: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Until the signal aborts. @param measure is given the ticks of the last sample */
export async function keepMeasuring(
  measure: (before: CpuTicks | null) => Promise<MetricSample>,
  { onMetrics, onProblem, clock, signal }: MeasuringOptions,
): Promise<void> {
  const told = new Set<string>();
  let ticks: CpuTicks | null = null;
  while (!signal.aborted) {
    try {
      const sample: MetricSample = await measure(ticks);
      ticks = sample.ticks;
      onMetrics(sample.metrics);
    } catch (error) {
      // The containers need none of these figures: what was measured before stands until they can be read again.
      const reason = error instanceof Error ? error.message : String(error);
      if (!told.has(reason)) onProblem(`measure this machine: ${reason}`);
      told.add(reason);
    }
    await clock.sleep(METRICS_MS, signal);
  }
}

/** @param before of the last sample; null = the average since the machine's start */
export async function sampleHost(dockerRoot: string, before: CpuTicks | null): Promise<MetricSample> {
  const [stat, meminfo, disk, restartNeeded] = await Promise.all([
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    // Docker's folder may be readable by root only, or not there yet: then the root file system speaks for it.
    statfs(dockerRoot).catch(() => statfs('/')),
    access(RESTART_FILE).then(
      () => true,
      () => false,
    ),
  ]);
  const ticks = parseCpuTicks(stat);
  const memory = parseMemory(meminfo);
  return {
    ticks,
    metrics: {
      cpu: cpuBetween(before, ticks),
      cores: os.availableParallelism(),
      memoryTotalBytes: memory.totalBytes,
      memoryUsedBytes: Math.max(0, memory.totalBytes - memory.availableBytes),
      diskTotalBytes: wholeBytes(disk.blocks * disk.bsize),
      diskFreeBytes: wholeBytes(disk.bavail * disk.bsize),
      uptimeMs: Math.round(os.uptime() * 1000),
      restartNeeded,
    },
  };
}

/** A network file system may claim more than a number can count to. */
const wholeBytes = (bytes: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(bytes)));

/** First line of /proc/stat: user nice system idle iowait irq softirq steal. */
export function parseCpuTicks(text: string): CpuTicks {
  const numbers = (text.split('\n', 1)[0] ?? '').split(/\s+/).slice(1, 9).map(Number);
  if (numbers.length < 4 || numbers.some(Number.isNaN)) throw new Error('/proc/stat is malformed');
  const total = numbers.reduce((sum, each) => sum + each, 0);
  const [, , , idle = 0, iowait = 0] = numbers;
  return { busy: total - idle - iowait, total };
}

/** 0 to 1, three decimals. */
export function cpuBetween(before: CpuTicks | null, now: CpuTicks): number {
  const total = now.total - (before?.total ?? 0);
  const busy = now.busy - (before?.busy ?? 0);
  if (total <= 0) return 0;
  return Math.round(Math.min(1, Math.max(0, busy / total)) * 1000) / 1000;
}

export function parseMemory(text: string): { readonly totalBytes: number; readonly availableBytes: number } {
  const kilobytes = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
    if (match === null) throw new Error(`/proc/meminfo has no ${name}`);
    return Number(match[1]);
  };
  return { totalBytes: kilobytes('MemTotal') * 1024, availableBytes: kilobytes('MemAvailable') * 1024 };
}
