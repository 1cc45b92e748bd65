/**
 * How an app sees a host whose machine powers off. What others can take over whole goes there; the rest stays and is
 * there again after the next boot, without a coordinator: an app with data in volumes would begin elsewhere with none, one that runs once on every host has no other place, and one with nowhere to go is not taken away. Pure.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { HostRow, Placement } from '../store/records.ts';
import { place } from './place.ts';

/**
 * @param sticky where the app runs now
 * @param hasImageVolumes whether one of its images declares a volume that the app file does not mount, or may do so
 * @returns the hosts as placement shall see them for this app
 */
export function whilePoweringOff(
  spec: AppSpec,
  hosts: readonly HostRow[],
  sticky: Placement,
  hasImageVolumes: boolean,
): readonly HostRow[] {
  if (!hosts.some(isGoingOff)) return hosts;
  if (!hasImageVolumes && canMove(spec) && place(spec, hosts, sticky).kind === 'placed') return hosts;
  return hosts.map((host) => (isGoingOff(host) ? { ...host, availability: 'paused' as const } : host));
}

export const isGoingOff = (host: HostRow): boolean => host.poweringOff && host.availability === 'draining';

function canMove(spec: AppSpec): boolean {
  const services = Object.values(spec.services);
  return (
    services.every((service) => service.replicas !== null) &&
    !services.some((service) => service.mounts.some((mount) => mount.kind === 'volume'))
  );
}
