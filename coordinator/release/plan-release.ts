/**
 * The changes that a release means for each host, compared with what runs there (`running-now.ts`). Pure; the hash covers
 * base, images, secret versions, placement, changes and the order of the waves, so that a saved plan that no longer holds
 * is found.
 */
import { createHash } from 'node:crypto';
import type { AppSpec } from '../../fleet/app-spec.ts';
import { canonicalJson } from '../../fleet/canonical-json.ts';
import type { HostId, SpecHash } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import type { Placement, Target } from '../store/records.ts';
import { because } from './because.ts';
import { instanceContent } from '../../fleet/instance-content.ts';
import { type RunningNow, runningNow } from './running-now.ts';
import type { AppReport } from '../../fleet/report.ts';

export type HostChanges = PlanView['hosts'][number]['changes'];
type Change = HostChanges[number];

/** What a release will be made of. */
export interface ReleaseContents {
  readonly spec: AppSpec;
  readonly hashes: Readonly<Record<string, SpecHash>>;
  readonly secretVersions: Readonly<Record<string, number>>;
}

/**
 * @param releases by number: those that targets and reports name; one that is not kept counts as unknown, so all is
 * replaced
 * @param reports the newest of each host that was heard
 */
export function planHosts(
  next: ReleaseContents,
  placement: Placement,
  targets: readonly Target[],
  releases: ReadonlyMap<number, Release>,
  reports: ReadonlyMap<HostId, AppReport>,
): ReadonlyMap<HostId, HostChanges> {
  const plans = new Map<HostId, HostChanges>();
  const present = new Map(targets.flatMap((target) => (target.kind === 'run' ? [[target.host, target] as const] : [])));
  for (const host of new Set([...(Object.keys(placement) as HostId[]), ...present.keys()])) {
    const target = present.get(host) ?? null;
    const running = runningNow(target, reports.get(host) ?? null, releases, next.hashes);
    plans.set(host, hostChanges(next, placement[host] ?? {}, running));
  }
  return plans;
}

function hostChanges(
  next: ReleaseContents,
  wanted: Readonly<Record<string, number>>,
  running: readonly RunningNow[],
): HostChanges {
  const changes: Change[] = [];
  const services = [...new Set([...Object.keys(wanted), ...running.map(({ service }) => service)])].sort();
  for (const service of services) {
    const present = new Map(
      running.flatMap((each) => (each.service === service ? [[each.replica, each] as const] : [])),
    );
    const want = wanted[service] ?? 0;
    for (let replica = 1; replica <= Math.max(want, ...present.keys()); replica += 1) {
      const now = present.get(replica);
      if (now === undefined) {
        if (replica <= want) changes.push({ service, replica, action: 'create', because: [] });
      } else if (replica > want) changes.push({ service, replica, action: 'remove', because: [] });
      else if (now.hash === next.hashes[service]) changes.push({ service, replica, action: 'keep', because: [] });
      else changes.push({ service, replica, action: 'replace', because: [...reasonsOf(next, now.release, service)] });
    }
  }
  return changes;
}

function reasonsOf(next: ReleaseContents, before: Release | null, service: string): readonly string[] {
  const [after, old] = [next.spec.services[service], before?.spec.services[service]];
  if (before === null || after === undefined || old === undefined) return ['its release is not kept any more'];
  const keys = because(
    instanceContent(before.spec, service, old, before.secretVersions),
    instanceContent(next.spec, service, after, next.secretVersions),
  );
  return keys.length > 0 ? keys : ['the rule of hashes changed'];
}

/** @param waves the order in which hosts move; by id, so that a name counts for nothing */
export function planHash(
  plan: Pick<PlanView, 'base' | 'images' | 'secretVersions' | 'hosts'>,
  placement: Placement,
  waves: readonly (readonly HostId[])[],
  spec: AppSpec,
): string {
  const { base, images, secretVersions } = plan;
  const hosts = plan.hosts.map(({ host, changes }) => ({ host, changes }));
  const counted = { base, images, secretVersions, hosts, waves, placement, spec };
  return `p1:${createHash('sha256').update(canonicalJson(counted)).digest('hex')}`;
}
