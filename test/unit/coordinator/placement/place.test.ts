import t from 'tap';
import type { AppSpec, ServiceSpec } from '../../../../fleet/app-spec.ts';
import { place } from '../../../../coordinator/placement/place.ts';
import type { PlaceableHost } from '../../../../coordinator/placement/selection.ts';
import type { Placement } from '../../../../coordinator/store/records.ts';
import { aService, anAppSpec, hostId } from '../../../support/app-builders.ts';

const aHost = (number: number, fields: Partial<PlaceableHost> = {}): PlaceableHost => ({
  id: hostId(number),
  name: `host-${number}`,
  pool: null,
  labels: {},
  availability: 'active',
  platform: 'linux/amd64',
  ...fields,
});
const three = [aHost(1), aHost(2), aHost(3)];
const specOf = (services: Record<string, Partial<ServiceSpec>>, fields: Partial<AppSpec> = {}): AppSpec =>
  anAppSpec({
    services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, aService(service)])),
    ...fields,
  });

function placed(spec: AppSpec, hosts: readonly PlaceableHost[], sticky: Placement = {}): Placement {
  const result = place(spec, hosts, sticky);
  if (result.kind === 'unplaceable') throw new Error(result.problem.message);
  return result.placement;
}

function refused(spec: AppSpec, hosts: readonly PlaceableHost[], sticky: Placement = {}): string {
  const result = place(spec, hosts, sticky);
  if (result.kind === 'placed') throw new Error('it was placed');
  return [result.problem.code, ...result.problem.details.map((detail) => `${detail.path}: ${detail.message}`)].join(
    '\n',
  );
}

const total = (placement: Placement, service: string): number =>
  Object.values(placement).reduce((sum, services) => sum + (services[service] ?? 0), 0);

t.test('place: without replicas a service runs once on every selected host', (t) => {
  t.same(placed(specOf({ web: {} }), three), {
    [hostId(1)]: { web: 1 },
    [hostId(2)]: { web: 1 },
    [hostId(3)]: { web: 1 },
  });
  t.end();
});

t.test('place: N replicas are N in all, spread', (t) => {
  const five = placed(specOf({ web: { replicas: 5 } }), three);
  t.equal(total(five, 'web'), 5);
  t.same(
    Object.values(five)
      .map((services) => services.web)
      .sort(),
    [1, 2, 2],
  );
  t.equal(total(placed(specOf({ web: { replicas: 2 } }), three), 'web'), 2);
  t.same(placed(specOf({ web: { replicas: 0 }, db: {} }), [aHost(1)]), { [hostId(1)]: { db: 1 } });
  t.end();
});

t.test('place: what runs stays where it is, whatever joins', (t) => {
  const spec = specOf({ web: { replicas: 2 } });
  const sticky: Placement = { [hostId(3)]: { web: 1 }, [hostId(2)]: { web: 1 } };
  t.same(placed(spec, three, sticky), sticky);
  t.same(placed(spec, [...three, aHost(4), aHost(5)], sticky), sticky);
  const crowded: Placement = { [hostId(1)]: { web: 4 } };
  t.same(placed(specOf({ web: { replicas: 4 } }), three, crowded), crowded, 'nothing moves only to be spread better');
  t.end();
});

t.test('place: what is missing goes to hosts that talk; what runs stays on a silent one', (t) => {
  const spec = specOf({ web: { replicas: 2 } });
  const onlySecond = (host: string): boolean => host === hostId(2);
  const place2 = (sticky: Placement): Placement => {
    const result = place(spec, three, sticky, onlySecond);
    if (result.kind === 'unplaceable') throw new Error(result.problem.message);
    return result.placement;
  };
  t.same(place2({}), { [hostId(2)]: { web: 2 } });
  t.same(place2({ [hostId(1)]: { web: 1 } }), { [hostId(1)]: { web: 1 }, [hostId(2)]: { web: 1 } });
  const ports = specOf({ web: { replicas: 2, ports: [{ container: 80, host: 80, hostIp: null, protocol: 'tcp' }] } });
  const result = place(ports, three, {}, onlySecond);
  t.equal(result.kind, 'placed', 'a silent one is better than none');
  t.end();
});

t.test('place: more and fewer replicas touch as little as possible', (t) => {
  const sticky: Placement = { [hostId(1)]: { web: 2 }, [hostId(2)]: { web: 1 } };
  const more = placed(specOf({ web: { replicas: 4 } }), three, sticky);
  t.same(more, { ...sticky, [hostId(3)]: { web: 1 } }, 'the new one goes where none is');
  t.same(placed(specOf({ web: { replicas: 2 } }), three, sticky), { [hostId(1)]: { web: 1 }, [hostId(2)]: { web: 1 } });
  t.end();
});

t.test('place: the answer does not depend on the order of the hosts, and apps do not all meet on one', (t) => {
  const spec = specOf({ web: { replicas: 1 } });
  t.same(placed(spec, three), placed(spec, [...three].reverse()));
  const used = new Set(
    Array.from(
      { length: 20 },
      (_, index) =>
        Object.keys(placed(specOf({ web: { replicas: 1 } }, { name: `app${index}` as AppSpec['name'] }), three))[0],
    ),
  );
  t.equal(used.size, 3);
  t.end();
});

t.test('place: selectors by label, pool and name, constraints, platform', (t) => {
  const hosts = [
    aHost(1, { labels: { zone: 'a' }, pool: 'edge' }),
    aHost(2, { labels: { zone: 'b' }, pool: 'edge', platform: 'linux/arm64' }),
    aHost(3, { labels: {}, pool: 'core' }),
  ];
  const on = (spec: AppSpec): string[] => Object.keys(placed(spec, hosts));
  const select = (fields: Partial<AppSpec['hosts']>): AppSpec =>
    specOf({ web: {} }, { hosts: { labels: {}, pools: [], names: [], ...fields } });
  const constrained = (attribute: string, operator: '==' | '!=', value: string): AppSpec =>
    specOf({ web: { constraints: [{ attribute, operator, value }] } });

  t.same(on(select({ labels: { zone: ['a', 'b'] } })), [hostId(1), hostId(2)]);
  t.same(on(select({ labels: { zone: ['b'] } })), [hostId(2)]);
  t.same(on(select({ pools: ['core'] })), [hostId(3)]);
  t.same(on(select({ names: ['host-1', 'host-3'] })), [hostId(1), hostId(3)]);
  t.same(on(constrained('labels.zone', '==', 'a')), [hostId(1)]);
  t.same(on(constrained('labels.zone', '!=', 'a')), [hostId(2), hostId(3)]);
  t.same(on(constrained('arch', '==', 'arm64')), [hostId(2)]);
  t.same(on(constrained('name', '==', 'host-3')), [hostId(3)]);
  t.same(on(constrained('pool', '!=', 'edge')), [hostId(3)]);
  t.same(on(specOf({ web: { image: { reference: 'x', digest: null, pull: 'always', platform: 'linux/arm64/v8' } } })), [
    hostId(2),
  ]);
  t.end();
});

t.test('place: cordoned hosts keep what they have and get nothing new; draining ones give up', (t) => {
  const hosts = [aHost(1, { availability: 'paused' }), aHost(2, { availability: 'draining' }), aHost(3)];
  t.same(placed(specOf({ web: {} }), hosts), { [hostId(3)]: { web: 1 } });
  const sticky: Placement = { [hostId(1)]: { web: 1 }, [hostId(2)]: { web: 1 } };
  t.same(placed(specOf({ web: { replicas: 3 } }), hosts, sticky), { [hostId(1)]: { web: 1 }, [hostId(3)]: { web: 2 } });
  t.end();
});

t.test('place: no host, and why of each', (t) => {
  const hosts = [aHost(1, { pool: 'core' }), aHost(2, { pool: 'edge', availability: 'draining' })];
  const spec = specOf({ web: {} }, { hosts: { labels: {}, pools: ['edge'], names: [] } });
  t.equal(refused(spec, hosts), 'NO_HOSTS\nhost-1: its pool is core, not edge\nhost-2: it is draining');
  t.equal(refused(specOf({ web: {} }), []), 'NO_HOSTS');
  const constrained = specOf({ web: { constraints: [{ attribute: 'labels.gpu', operator: '==', value: 'yes' }] } });
  t.equal(
    refused(constrained, [aHost(1)]),
    'UNPLACEABLE\nservices.web on host-1: labels.gpu == yes does not hold: it is not set',
  );
  t.end();
});

t.test('place: a service is not split from what it depends on', (t) => {
  const split = specOf({ web: { dependsOn: { db: 'healthy' } }, db: { replicas: 1 } });
  t.match(
    refused(split, three),
    /^UNPLACEABLE\nservices\.web\.depends_on\.db: it would run on host-\d, host-\d without db/,
  );
  t.same(Object.keys(placed(split, [aHost(1)])), [hostId(1)]);
  const together = placed(specOf({ web: { replicas: 2, dependsOn: { db: 'healthy' } }, db: { replicas: 2 } }), three);
  t.same(
    Object.values(together),
    [
      { web: 1, db: 1 },
      { web: 1, db: 1 },
    ],
    'equal counts land on the same hosts',
  );
  t.end();
});

t.test('place: a named volume is on one host, unless each host is meant to have its own', (t) => {
  const volume = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };
  const db = { mounts: [{ kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false }] };
  const spec = specOf({ db }, { volumes: { data: volume } });
  t.match(refused(spec, three), /volumes\.data: it would exist 3 times/);
  t.equal(Object.keys(placed({ ...spec, volumeScope: 'per-host' }, three)).length, 3);
  t.equal(Object.keys(placed(specOf({ db: { ...db, replicas: 1 } }, { volumes: { data: volume } }), three)).length, 1);
  t.end();
});

t.test('place: two instances never want the same port of one host', (t) => {
  const ports = [{ container: 80, host: 8080, hostIp: null, protocol: 'tcp' as const }];
  t.same(Object.values(placed(specOf({ web: { ports, replicas: 3 } }), three)), [{ web: 1 }, { web: 1 }, { web: 1 }]);
  t.match(
    refused(specOf({ web: { ports, replicas: 4 } }), three),
    /4 replicas have no room on 3 hosts.*cordoned hosts get no more/,
  );
  t.end();
});

t.test('place: one public name has one certificate', (t) => {
  const route = { path: '/', port: 80, tls: 'auto' as const, weight: 1, stripPrefix: false };
  const at = (host: string) => specOf({ web: { ingress: [{ ...route, host }] } });
  t.match(refused(at('shop.acme.com'), three), /a certificate for shop\.acme\.com cannot be got by 3 hosts/);
  for (const host of ['*', 'localhost', 'shop.localhost', 'db.internal', '10.0.0.1'])
    t.ok(placed(at(host), three), host);
  t.ok(placed(specOf({ web: { ingress: [{ ...route, host: 'shop.acme.com', tls: 'internal' }] } }), three));
  t.ok(placed(at('shop.acme.com'), [aHost(1)]));
  t.end();
});
