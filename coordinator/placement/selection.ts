/** Whether a host takes an app, and each of its services; where not, why, in words for people. Pure. */
import type { HostSelector, PlacementConstraint, ServiceSpec } from '../../fleet/app-spec.ts';
import type { Host } from '../../fleet/host.ts';
import { AVAILABILITY_WORDS } from '../../protocol/text/availability.ts';

export type PlaceableHost = Pick<Host, 'id' | 'name' | 'pool' | 'labels' | 'availability' | 'platform'>;

/** @param runsHere the app has a target there: a paused host keeps what it has, and gets nothing new */
export function selectorRefusal(host: PlaceableHost, selector: HostSelector, runsHere: boolean): string | null {
  if (selector.names.length > 0 && !selector.names.includes(host.name))
    return `its name is not ${oneOf(selector.names)}`;
  if (selector.pools.length > 0 && (host.pool === null || !selector.pools.includes(host.pool))) {
    return `its pool is ${host.pool ?? 'none'}, not ${oneOf(selector.pools)}`;
  }
  for (const [label, values] of Object.entries(selector.labels)) {
    const value = host.labels[label];
    if (value === undefined) return `it has no label ${label}`;
    if (values.length > 0 && !values.includes(value)) return `its label ${label} is ${value}, not ${oneOf(values)}`;
  }
  switch (host.availability) {
    case 'active':
      return null;
    case 'paused':
      return runsHere ? null : `it is ${AVAILABILITY_WORDS.paused} and gets nothing new`;
    case 'draining':
      return `it is ${AVAILABILITY_WORDS.draining}`;
  }
}

export function serviceRefusal(host: PlaceableHost, service: ServiceSpec): string | null {
  const { platform } = service.image;
  if (platform !== null && host.platform !== null && !isSamePlatform(platform, host.platform)) {
    return `its platform is ${host.platform}, not ${platform}`;
  }
  const broken = service.constraints.find((constraint) => !holds(host, constraint));
  if (broken === undefined) return null;
  return `${broken.attribute} ${broken.operator} ${broken.value} does not hold: it is ${attribute(host, broken.attribute) ?? 'not set'}`;
}

function holds(host: PlaceableHost, constraint: PlacementConstraint): boolean {
  const equal = attribute(host, constraint.attribute) === constraint.value;
  return constraint.operator === '==' ? equal : !equal;
}

function attribute(host: PlaceableHost, name: string): string | null {
  switch (name) {
    case 'name':
      return host.name;
    case 'pool':
      return host.pool;
    case 'arch':
      return host.platform?.split('/')[1] ?? null;
    default:
      return name.startsWith('labels.') ? (host.labels[name.slice('labels.'.length)] ?? null) : null;
  }
}

/** `linux/arm64/v8` is asked for and `linux/arm64` is there: the variant is the engine's business. */
function isSamePlatform(asked: string, has: string): boolean {
  return asked.split('/').slice(0, 2).join('/') === has.split('/').slice(0, 2).join('/');
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
}
