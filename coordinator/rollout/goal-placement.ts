/**
 * Where the last succeeded release runs when a deployment goes back to it. Pure. It is placed as it would be now; where
 * that is not possible any more (a rule of placement would refuse it today), it goes back to the hosts that moved: a
 * rule must not keep a broken release running.
 */
import type { Release } from '../../fleet/release.ts';
import { place, stickyPlacement } from '../placement/place.ts';
import type { HostRow, Placement, Rollout } from '../store/records.ts';

export function goalPlacement(rollout: Rollout, hosts: readonly HostRow[]): Placement | null {
  const { base } = rollout;
  if (base === null) return null;
  // A draining host still goes back rather than staying on the bad release until it is empty.
  const staying = hosts.map((host) =>
    host.availability === 'draining' ? { ...host, availability: 'paused' as const } : host,
  );
  const placed = place(base.spec, staying, stickyPlacement(rollout.targets));
  return placed.kind === 'placed' ? placed.placement : fallback(base, rollout.placement);
}

function fallback(base: Release, placement: Placement): Placement {
  return Object.fromEntries(
    Object.entries(placement).map(([host, counts]) => [
      host,
      Object.fromEntries(
        Object.entries(base.spec.services).map(([name, service]) => [
          name,
          service.replicas === null ? 1 : (counts[name] ?? 0),
        ]),
      ),
    ]),
  );
}
