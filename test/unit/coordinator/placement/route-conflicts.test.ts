import t from 'tap';
import {
  mayConflict,
  routeConflicts,
  routeRefusal,
  routeWarnings,
  type RoutedApp,
} from '../../../../coordinator/placement/route-conflicts.ts';
import type { IngressRoute } from '../../../../fleet/app-spec.ts';
import { anAppSpec, appName, aService, hostId } from '../../../support/app-builders.ts';

const routed = (app: string, routes: readonly Partial<IngressRoute>[], hosts: readonly number[] = [1]): RoutedApp => ({
  app: appName(app),
  spec: anAppSpec({
    name: appName(app),
    services: {
      web: aService({
        ingress: routes.map((route) => ({
          host: '*',
          path: '/',
          port: 80,
          tls: 'off',
          weight: 1,
          stripPrefix: false,
          ...route,
        })),
      }),
    },
  }),
  placement: Object.fromEntries(hosts.map((host) => [hostId(host), { web: 1 }])),
});
const names = new Map([
  [hostId(1), 'a'],
  [hostId(2), 'b'],
]);

t.test('route conflicts: the same host name and path on the same host', (t) => {
  const conflictsWith = (other: RoutedApp): number =>
    routeConflicts(routed('shop', [{}, { host: 'shop.test', path: '/api' }], [1, 2]), [], [other]).length;

  t.equal(conflictsWith(routed('blog', [{}])), 1, 'the default route');
  t.equal(conflictsWith(routed('blog', [{}], [1, 2])), 2);
  t.equal(conflictsWith(routed('blog', [{}], [3])), 0, 'on another host');
  t.equal(conflictsWith(routed('blog', [{ host: 'shop.test' }])), 0, 'another path');
  t.equal(conflictsWith(routed('blog', [{ host: 'shop.test', path: '/api', shared: true }])), 1, 'one alone');
  t.end();
});

t.test('route conflicts: none where both share', (t) => {
  t.same(routeConflicts(routed('shop', [{ shared: true }]), [], [routed('blog', [{ shared: true }])]), []);
  t.end();
});

t.test('route conflicts: one that is there already is a warning, a new one is refused', (t) => {
  const shop = routed('shop', [{}]);
  const blog = routed('blog', [{}], [1, 2]);
  const known = routeConflicts(shop, [shop], [blog]);
  t.equal(routeRefusal(shop.app, known, names), null);
  t.match(routeWarnings(known, names), [/^app blog has \*\/ too, on a: the app that came first keeps it there/]);

  const wider = routeConflicts({ ...shop, placement: blog.placement }, [shop], [blog]);
  t.match(routeRefusal(shop.app, wider, names), {
    code: 'ROUTE_TAKEN',
    details: [{ path: 'services.web.x-longshore.ingress', message: /app blog has \*\/ too, on b; use another host/ }],
  });

  const shared = [routed('shop', [{ shared: true }]), routed('blog', [{ shared: true }])] as const;
  t.match(routeConflicts(shop, [shared[0]], [shared[1]]), [{ isKnown: false }], 'one that stops sharing');
  t.end();
});

t.test('route conflicts: a service without an instance on the host takes no route there', (t) => {
  const shop = routed('shop', [{}]);
  t.same(routeConflicts({ ...shop, placement: { [hostId(1)]: { web: 0 } } }, [], [routed('blog', [{}])]), []);
  t.ok(mayConflict(shop.spec, routed('blog', [{}]).spec));
  t.notOk(mayConflict(shop.spec, routed('blog', [{ path: '/b' }]).spec));
  t.end();
});
