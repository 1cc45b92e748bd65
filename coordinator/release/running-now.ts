/**
 * What runs of an app on a host, by service and replica. Pure. Where the agent says that it serves what its target names,
 * that is the target's release: an instance that is missing for a moment is the agent's to make again. Where it does not
 * (a first release that failed, a rollout under way), it is what the agent sees.
 */
import type { SpecHash } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { AppReport, InstanceReport } from '../../fleet/report.ts';
import type { Target } from '../store/records.ts';

export interface RunningNow {
  readonly service: string;
  readonly replica: number;
  /** Null where its release is not known any more. */
  readonly hash: SpecHash | null;
  readonly release: Release | null;
}

const ENDED: ReadonlySet<InstanceReport['state']> = new Set(['draining', 'stopped', 'exited']);

/**
 * @param report null = the host was not heard since the coordinator started
 * @param wanted of two instances in one place, the one that is wanted counts
 */
export function runningNow(
  target: Extract<Target, { kind: 'run' }> | null,
  report: AppReport | null,
  releases: ReadonlyMap<number, Release>,
  wanted: Readonly<Record<string, SpecHash>>,
): readonly RunningNow[] {
  if (target === null) return [];
  const isAsOrdered = report === null || (report.release === target.release && report.proposal === null);
  return isAsOrdered ? ofTarget(target, releases) : ofInstances(report.instances, releases, wanted);
}

function ofTarget(
  target: Extract<Target, { kind: 'run' }>,
  releases: ReadonlyMap<number, Release>,
): readonly RunningNow[] {
  const release = releases.get(target.release) ?? null;
  return Object.entries(target.replicas).flatMap(([service, count]) =>
    Array.from({ length: count }, (_, index) => ({
      service,
      replica: index + 1,
      hash: release?.hashes[service] ?? null,
      release,
    })),
  );
}

function ofInstances(
  instances: readonly InstanceReport[],
  releases: ReadonlyMap<number, Release>,
  wanted: Readonly<Record<string, SpecHash>>,
): readonly RunningNow[] {
  const found = new Map<string, RunningNow>();
  // The last one stays: what is wanted, else what gets traffic.
  const rank = (each: InstanceReport): number => (each.hash === wanted[each.service] ? 2 : each.routed ? 1 : 0);
  for (const each of [...instances].filter(({ state }) => !ENDED.has(state)).sort((a, b) => rank(a) - rank(b))) {
    const { service, replica, hash } = each;
    found.set(`${service}/${replica}`, { service, replica, hash, release: releases.get(each.release) ?? null });
  }
  return [...found.values()];
}
