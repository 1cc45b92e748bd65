// Placement over random fleets: what holds whatever is asked. LONGSHORE_SEED replays one.
import t from 'tap';
import { place } from '../../coordinator/placement/place.ts';
import type { PlaceableHost } from '../../coordinator/placement/selection.ts';
import type { Placement } from '../../coordinator/store/records.ts';
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { aService, anAppSpec, hostId } from '../support/app-builders.ts';
import { between, pick, seededRandom, seeds } from '../support/random.ts';
import type { Random } from '../support/random.ts';

function randomHosts(random: Random): readonly PlaceableHost[] {
  return Array.from({ length: between(random, 0, 8) }, (_, index) => ({
    id: hostId(index + 1),
    name: `host-${index + 1}`,
    pool: pick(random, ['edge', 'core', null]),
    labels: random() < 0.5 ? { zone: pick(random, ['a', 'b']) } : {},
    availability: pick(random, ['active', 'active', 'active', 'paused', 'draining']),
    platform: 'linux/amd64',
  }));
}

function randomSpec(random: Random): AppSpec {
  const services: Record<string, ServiceSpec> = {};
  for (const name of ['a', 'b', 'c'].slice(0, between(random, 1, 3))) {
    services[name] = aService({
      replicas: random() < 0.4 ? null : between(random, 0, 9),
      ports: random() < 0.2 ? [{ container: 80, host: 8080, hostIp: null, protocol: 'tcp' }] : [],
      constraints:
        random() < 0.2 ? [{ attribute: 'labels.zone', operator: pick(random, ['==', '!=']), value: 'a' }] : [],
      dependsOn: random() < 0.2 && name !== 'a' ? { a: 'healthy' } : {},
    });
  }
  return anAppSpec({ services, hosts: { labels: {}, pools: random() < 0.2 ? ['edge'] : [], names: [] } });
}

const count = (placement: Placement, service: string): number =>
  Object.values(placement).reduce((sum, services) => sum + (services[service] ?? 0), 0);

t.test('placement: counts, availability and stability hold over random fleets', (t) => {
  let placedOnes = 0;
  for (const seed of seeds(1_500)) {
    const random = seededRandom(seed);
    const [hosts, spec] = [randomHosts(random), randomSpec(random)];
    const first = place(spec, hosts, {});
    const broken: string[] = [];
    if (first.kind === 'placed') {
      placedOnes += 1;
      const { placement } = first;
      for (const [name, service] of Object.entries(spec.services)) {
        if (service.replicas !== null && count(placement, name) !== service.replicas)
          broken.push(`${name} has not its number`);
        if (
          service.ports.length > 0 &&
          service.replicas !== null &&
          Object.values(placement).some((services) => (services[name] ?? 0) > 1)
        )
          broken.push(`${name} twice on a port`);
        for (const services of Object.values(placement)) {
          if (
            (services[name] ?? 0) > 0 &&
            Object.keys(service.dependsOn).some((needed) => (services[needed] ?? 0) === 0)
          )
            broken.push(`${name} without what it needs`);
        }
      }
      for (const id of Object.keys(placement)) {
        if (hosts.find((host) => host.id === id)?.availability !== 'active') broken.push(`${id} got something new`);
      }
      const again = place(spec, [...hosts].reverse(), placement);
      if (JSON.stringify(again) !== JSON.stringify(first)) broken.push('a second look moves it');
      const joined: PlaceableHost = {
        id: hostId(99),
        name: 'joined',
        pool: 'edge',
        labels: {},
        availability: 'active',
        platform: null,
      };
      const larger = place(spec, [...hosts, joined], placement);
      if (larger.kind === 'placed') {
        for (const [id, services] of Object.entries(placement)) {
          for (const [name, replicas] of Object.entries(services)) {
            if ((larger.placement[id as keyof Placement]?.[name] ?? 0) < replicas)
              broken.push(`${name} moved from ${id} because a host joined`);
          }
        }
      }
    } else if (first.problem.code === 'UNPLACEABLE' && first.problem.details.length === 0)
      broken.push('no reason was given');
    if (broken.length > 0) t.fail(`LONGSHORE_SEED=${seed}: ${broken.join('; ')}`);
  }
  t.ok(placedOnes > 0, `${placedOnes} were placed`);
  t.end();
});
